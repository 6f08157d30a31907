/** Rearranges the weights for the passes, after every change of them. */
import { packContext } from "./context/cell";
import { isRecurrent } from "./memory/shape";
import { packRecurrent } from "./recurrent/pack";

export function pack(): void {
  if (isRecurrent) packRecurrent();
  else packContext();
}
