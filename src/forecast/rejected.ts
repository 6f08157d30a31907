/** Events that are refused: what is told of them, and to whom where nobody asks. */
import type { UndercurrentError } from "../errors/errors.js";

/** An event that was refused; it changed nothing. */
export interface RejectedEvent<T> {
  readonly event: T;
  readonly error: UndercurrentError;
}

/** A process warning for the first refused event of each code: nothing is refused in silence, nor a log flooded. */
export function warnOncePerCode(): (rejected: RejectedEvent<unknown>) => void {
  const warned = new Set<string>();
  return ({ error }) => {
    if (warned.has(error.code)) return;
    warned.add(error.code);
    process.emitWarning(
      `${error.message}; further events of this kind are refused silently. ${error.action}`,
      {
        type: "UndercurrentWarning",
        code: error.code,
      },
    );
  };
}
