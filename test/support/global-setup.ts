// One broker for a whole test run, started when the first test file asks for it and stopped at the end of the run.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestProject } from "vitest/node";
import type { RunningBroker } from "./broker-parts.js";
import { startBroker } from "./broker-start.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** Address that starts the broker at the first request and answers with its bootstrap addresses. */
    brokerService: string;
  }
}

/**
 * Test files run in workers that come and go, and a container or process belongs to whoever started it: so the broker
 * is started here, by the process that outlives them all.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<RunningBroker | string> | undefined;
  const server = createServer((_, response) => {
    starting ??= startBroker();
    starting.then(
      (broker) =>
        response.end(
          JSON.stringify(typeof broker === "string" ? { reason: broker } : { brokers: broker.brokers }),
        ),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  project.provide("brokerService", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    const broker = await starting?.catch(() => undefined);
    if (broker !== undefined && typeof broker !== "string") await broker.stop();
  };
}
