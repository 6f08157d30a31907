/** The recipes of docs/in-your-program.md: the page shows the files, and each file runs. */
import { EventEmitter } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { from, map, Subject, type Observable } from "rxjs";
import { TestScheduler } from "rxjs/testing";
import { expect, test } from "vitest";
import { forecast } from "undercurrent-forecast";
import { anomalies$ } from "../../examples/in-your-program/mqtt.js";
import { ForecastService } from "../../examples/in-your-program/nest-service.js";
import { forecastNode } from "../../examples/in-your-program/node-red.js";
import { forecastAfter } from "../../examples/in-your-program/warm-start.js";
import { answer } from "../../examples/in-your-program/websocket.js";

const folder = new URL("../../examples/in-your-program/", import.meta.url);
const page = readFileSync(new URL("../../docs/in-your-program.md", import.meta.url), "utf8");

test.each(readdirSync(folder))("%s is shown as it is", (name) => {
  const [, code] = readFileSync(new URL(name, folder), "utf8").split(/^\/\*\*.*\*\/\n/);
  expect(page).toContain(`\`\`\`ts\n${code!}\`\`\``);
});

test("MQTT: a value far from those of its topic is told", () => {
  const client = new EventEmitter();
  const told: number[] = [];
  anomalies$(client).subscribe(({ value }) => told.push(value));
  const send = (value: number): unknown =>
    client.emit("message", "hall/temperature", Buffer.from(String(value)));
  for (let i = 0; i < 400; i++) send(20 + ((i * 7919) % 13) / 10);
  send(90);
  expect(told).toContain(90);
});

test("WebSocket: each price is answered", () => {
  const prices$ = new Subject<{ symbol: string; at: string; price: number }>();
  const answers: unknown[] = [];
  const observer = {
    next: (each: unknown) => answers.push(each),
    error: expect.unreachable,
    complete: () => undefined,
  };
  const subscription = answer(Object.assign(prices$.asObservable(), observer));
  prices$.next({ symbol: "A", at: "2026-03-02T10:00:00Z", price: 12 });
  expect(answers).toEqual([{ key: "A", yhat: 12, yhatLower: NaN, yhatUpper: NaN }]);
  subscription.unsubscribe();
});

test("NestJS: the provider answers with the next values of a key", () => {
  const service = new ForecastService();
  service.observe([{ key: "pump-7", time: 0, value: 41 }]);
  expect(service.next("pump-7")?.yhat).toBe(41);
  expect(service.next("pump-8")).toBeUndefined();
  service.onModuleDestroy();
});

test("Node-RED: a message gets the forecast of its topic", () => {
  const node = new EventEmitter();
  const red = {
    nodes: {
      createNode: () => undefined,
      registerType: (_: string, create: (config: object) => void) => create.call(node, {}),
    },
  };
  forecastNode(red);
  const sent: object[] = [];
  node.emit("input", { topic: "a", payload: 3 }, (message: object) => sent.push(message));
  node.emit("close");
  expect(sent).toEqual([{ topic: "a", payload: 3, yhat: 3, anomalyScore: NaN }]);
});

test("warm start: forecasts of live events follow the history", () => {
  const reading = (i: number): { sensor: string; at: number; celsius: number } => ({
    sensor: "a",
    at: i,
    celsius: i % 7,
  });
  const readings = Array.from({ length: 60 }, (_, i) => reading(i));
  const errors: number[] = [];
  from(readings.slice(50))
    .pipe(forecastAfter(from(readings.slice(0, 50)), 50))
    .subscribe(({ value, expected }) => errors.push(Math.abs(value - expected)));
  expect(errors).toHaveLength(10);
  expect(errors.every(Number.isFinite)).toBe(true);
});

test("marbles: a forecast comes with its event", () => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  const a = { key: "a", time: 0, value: 1 };
  scheduler.run(({ cold, expectObservable }) => {
    const read = {
      key: (e: typeof a) => e.key,
      time: (e: typeof a) => e.time,
      value: (e: typeof a) => e.value,
    };
    const yhat$: Observable<number> = cold("a-b|", { a, b: { ...a, time: 1 } }).pipe(
      forecast(read),
      map(({ yhat }) => yhat),
    );
    expectObservable(yhat$).toBe("a-b|", { a: 1, b: 1 });
  });
});
