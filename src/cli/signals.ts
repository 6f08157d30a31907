/** SIGINT and SIGTERM as an AbortSignal: a command ends in order; a second one ends it at once. */

/** Aborts at the first signal. From then on the process has its default behaviour for both. */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
    controller.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return controller.signal;
}
