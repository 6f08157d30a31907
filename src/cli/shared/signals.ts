/** SIGINT and SIGTERM as an AbortSignal. The first signal ends a command in order, the second one at once. */
import { constants } from "node:os";

/** Returns a signal that aborts at the first SIGINT or SIGTERM. The second exits with 128 plus its number. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    // Explicitly, because the default action does nothing in the first process of a container.
    if (controller.signal.aborted) process.exit(128 + constants.signals[name]);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}

/**
 * Calls a listener at each SIGHUP. In a terminal the signal still ends the process, because it says that the terminal was
 * closed.
 */
export function onHangup(listener: () => void): void {
  if (!process.stdin.isTTY) process.on("SIGHUP", listener);
}
