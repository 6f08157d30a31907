// What the ways of starting a test broker share: the shape of a running one, free ports, and waiting until it answers.
import { connect, createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export type BrokerKind = "given" | "docker" | "java";

export interface RunningBroker {
  /** Bootstrap addresses, host:port. */
  readonly brokers: readonly string[];
  readonly kind: BrokerKind;
  stop(): Promise<void>;
}

/** A port of the loopback that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
      .once("error", reject)
      .listen(0, "127.0.0.1", () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
  });
}

/** Resolves when something accepts connections on this port of the loopback. */
export async function answering(port: number): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    const connected = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1")
        .once("connect", () => {
          socket.destroy();
          resolve(true);
        })
        .once("error", () => resolve(false));
    });
    if (connected) return;
    await sleep(100);
  }
  throw new Error(`Nothing answered on port ${port} within a minute.`);
}
