/** Requests to the live server that say what came back, down to single events. */
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { expect } from "vitest";
import type { Frame } from "../../../src/adapters/web/wire.js";

/** Status of a request with headers that fetch would not send. */
export async function statusOf(
  url: string,
  options: { method?: string; headers?: Record<string, string> },
): Promise<number> {
  const sent = request(url, options).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode!;
}

/** Reads the events of one page one by one. */
export async function openEvents(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ next(): Promise<{ event: string; frame: Frame }>; close(): void }> {
  const controller = new AbortController();
  const response = await fetch(url, { headers, signal: controller.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return {
    async next() {
      while (!text.includes("\n\n")) {
        const { value, done } = await reader.read();
        if (done) throw new Error("the events ended");
        text += value;
      }
      const [block] = text.split("\n\n", 1) as [string];
      text = text.slice(block.length + 2);
      const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block)!;
      return { event: event!, frame: JSON.parse(data!) as Frame };
    },
    close: () => controller.abort(),
  };
}
