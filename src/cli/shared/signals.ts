/** SIGINT and SIGTERM as an AbortSignal: a command ends in order; a second one ends it at once. */
import { constants } from "node:os";

/** Aborts at the first signal; the second exits with the code that shells give for it. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    // The default behaviour would not do: as the first process of a container it is to do nothing.
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}
