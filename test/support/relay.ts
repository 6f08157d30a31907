// A TCP relay before a server that counts who comes, and cuts them off: whatever they say, TLS included, passes as it is.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface Relay {
  /** host:port of the relay. */
  readonly address: string;
  readonly port: number;
  /** Connections so far. */
  readonly connections: number;
  /** Ends every connection; whoever comes then is let through. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts a relay to host:port, on a free port of the loopback. */
export async function startRelay(target: string): Promise<Relay> {
  const [host, port] = target.split(":") as [string, string];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((client) => {
    connections++;
    const upstream = connect(Number(port), host);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  const { port: own } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${own}`,
    port: own,
    get connections() {
      return connections;
    },
    cut,
    async close() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
