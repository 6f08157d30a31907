import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { reachBrokers } from "../../../../src/adapters/kafka/admin/reach.js";

const closing: (() => void)[] = [];
afterEach(() => closing.splice(0).forEach((close) => close()));

/** A server that takes connections and answers nothing. */
async function silentServer(): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closedPort(): Promise<string> {
  const address = await silentServer();
  closing.splice(0).forEach((close) => close());
  return address;
}

describe("brokers that do not answer", () => {
  test.each([
    ["nobody listens", closedPort],
    ["nobody answers", silentServer],
  ])("are named after 2 s, and given up after the time limit: %s", async (_, addressOf) => {
    const address = await addressOf();
    const lines: string[] = [];
    const reaching = reachBrokers(
      { bootstrapServers: [address] },
      { timeoutMs: 2500, report: (line) => lines.push(line) },
    );
    await expect(reaching).rejects.toMatchObject({
      code: "BROKER_UNREACHABLE",
      message: expect.stringMatching(`${address}.*gave up after 2.5 s`) as string,
    });
    expect(lines).toEqual([`trying to reach the brokers ${address}; gives up after 2.5 s (--timeout)`]);
  });

  test("are given up without a word within 2 s", async () => {
    const address = await closedPort();
    const lines: string[] = [];
    const reaching = reachBrokers(
      { bootstrapServers: [address] },
      { timeoutMs: 300, report: (line) => lines.push(line) },
    );
    await expect(reaching).rejects.toMatchObject({ code: "BROKER_UNREACHABLE" });
    expect(lines).toEqual([]);
  });
});
