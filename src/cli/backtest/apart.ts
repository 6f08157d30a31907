/** Whether a file to be written is one of those that are read. */
import { realpathSync } from "node:fs";
import { UndercurrentError } from "../../errors/errors.js";

/** Opening the output empties it: throws SETTING_INVALID where it is one of the inputs. */
export function assertApart(
  files: readonly string[],
  option: "out" | "report",
  path: string | undefined,
): void {
  if (path === undefined) return;
  const real = (path: string): string => {
    try {
      return realpathSync(path);
    } catch {
      return path;
    }
  };
  if (files.some((file) => file !== "-" && real(file) === real(path))) {
    throw new UndercurrentError(
      "SETTING_INVALID",
      `${option}: ${path} is also an input, and would be overwritten`,
    );
  }
}
