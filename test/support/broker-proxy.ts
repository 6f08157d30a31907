// A TCP proxy before a broker: clients reach the broker through it alone, and it loses, delays or refuses on demand.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Numbers of the requests that tests lose, as the protocol counts them. */
export const apiKeys = { produce: 0, addPartitionsToTxn: 24, txnOffsetCommit: 28, endTxn: 26 } as const;

export type LostRequest = keyof typeof apiKeys;
/** The request, before the broker gets it, or its answer after. */
export type LostPart = "request" | "answer";

/** A request as it passes. */
export interface SeenRequest {
  readonly key: number;
  readonly version: number;
  readonly frame: Buffer;
}

export interface BrokerProxy {
  readonly address: string;
  /** Connections of clients that are open. */
  readonly connections: number;
  /** The next request of this kind, or the answer to it, is lost; its connection is cut. */
  lose(request: LostRequest, what: LostPart): void;
  /** How many were lost. */
  readonly lost: number;
  /** From now on answers take so many milliseconds longer. */
  delay(milliseconds: number): void;
  /** Cuts every connection and takes no other until the time is over. */
  away(milliseconds: number): Promise<void>;
  close(): Promise<void>;
}

/** Cuts a stream into frames: four bytes of length, and as many bytes. */
function framed(take: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const end = 4 + rest.readInt32BE(0);
      take(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}

/** Starts a proxy for the broker at host:port, whose answers name it by that address; `seen` hears of each request. */
export async function startBrokerProxy(
  broker: string,
  seen: (request: SeenRequest) => void = () => undefined,
): Promise<BrokerProxy> {
  const [host, portText] = [
    broker.slice(0, broker.lastIndexOf(":")),
    broker.slice(broker.lastIndexOf(":") + 1),
  ];
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  let order: { readonly key: number; readonly what: LostPart } | undefined;
  let lost = 0;
  let delay = 0;
  let away = false;
  const server = createServer((client) => {
    if (away) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(portText), host);
    clients.add(client);
    client.on("close", () => clients.delete(client));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    const cut = (): void => {
      lost++;
      client.destroy();
      upstream.destroy();
    };
    let muted = false;
    client.on(
      "data",
      framed((frame) => {
        seen({ key: frame.readInt16BE(4), version: frame.readInt16BE(6), frame });
        if (order?.key !== frame.readInt16BE(4)) {
          upstream.write(frame);
          return;
        }
        const { what } = order;
        // Taken: the next request of this kind, on whatever connection, passes again.
        order = undefined;
        if (what === "request") {
          cut();
        } else {
          muted = true;
          upstream.write(frame);
        }
      }),
    );
    upstream.on(
      "data",
      framed((frame) => {
        if (muted) cut();
        else if (delay === 0) client.write(renamed(frame));
        // Timers of one length end in the order in which they began.
        else setTimeout(() => client.write(renamed(frame)), delay);
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  // An answer with the broker's address has its host and, behind it, its port as 32 bits.
  const theirs = Buffer.concat([Buffer.from(host), portBytes(Number(portText))]);
  const ours = Buffer.concat([Buffer.from(host), portBytes(port)]);
  const renamed = (frame: Buffer): Buffer => {
    for (let at = frame.indexOf(theirs); at >= 0; at = frame.indexOf(theirs, at + 1)) ours.copy(frame, at);
    return frame;
  };
  return {
    address: `${host}:${port}`,
    get connections() {
      return clients.size;
    },
    lose: (request, what) => (order = { key: apiKeys[request], what }),
    get lost() {
      return lost;
    },
    delay: (milliseconds) => (delay = milliseconds),
    away: async (milliseconds) => {
      away = true;
      sockets.forEach((socket) => socket.destroy());
      await sleep(milliseconds);
      away = false;
    },
    close: async () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
      await once(server, "close");
    },
  };
}

function portBytes(port: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(port);
  return bytes;
}
