/** The default address of the HTTP server; the configuration's schema and the demo read the same object. */
export const serverDefaults = { host: "127.0.0.1", port: 7070 } as const;
