// What a worker thread tells is bounded while the main thread is busy, and adds up when it has time again.
import fc from "fast-check";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { mostWaiting, Outbox } from "../../../src/cli/service/outbox.js";
import type { Report, ShownRows } from "../../../src/cli/service/worker-messages.js";
import type { ErrorCode } from "../../../src/errors/errors.js";
import { forecastColumns } from "../../../src/forecast/columns.js";

const rowsOf = (count: number, others: number): ShownRows => ({
  count,
  others,
  columns: forecastColumns(count, 1),
  keys: [],
  incidents: [],
  groupIncidents: [],
  expertNames: [],
  expertWeights: [],
});

/** What the main thread makes of reports. */
class Sums {
  readonly rows = { live: 0, candidate: 0 };
  readonly others = { live: 0, candidate: 0 };
  version = 0;
  held = 0;
  readonly rejections = new Map<ErrorCode, number>();

  take(report: Report): void {
    if (report.type === "rows") {
      this.rows[report.role] += report.rows.count;
      this.others[report.role] += report.rows.others;
    } else if (report.type === "others") this.others[report.role] += report.count;
    else if (report.type === "update") this.version = report.update.version;
    else if (report.type === "standing") this.held = report.standing.held;
    else {
      const { code } = report.rejection;
      this.rejections.set(code, (this.rejections.get(code) ?? 0) + report.count);
    }
  }
}

const steps = fc.oneof(
  fc.record({
    ...{ do: fc.constant("rows" as const), count: fc.nat(5), others: fc.nat(5) },
    role: fc.constantFrom("live" as const, "candidate" as const),
  }),
  fc.record({
    do: fc.constant("reject" as const),
    code: fc.constantFrom<ErrorCode>("RECORD_UNREADABLE", "EVENT_LATE"),
  }),
  fc.record({ do: fc.constant("update" as const) }),
  fc.record({ do: fc.constant("standing" as const), held: fc.nat(9) }),
  fc.record({ do: fc.constant("take" as const), count: fc.nat(40) }),
);

test("no more than so many messages wait, and whatever is taken when adds up", () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 300 }), (all) => {
      const queue: Report[] = [];
      const sums = new Sums();
      const told = new Sums();
      let dropped = 0;
      const outbox = new Outbox(
        (report) => queue.push(report),
        (rows) => (dropped += rows),
      );
      const take = (): void => {
        sums.take(queue.shift()!);
        outbox.taken();
      };
      for (const step of all) {
        if (step.do === "rows") {
          outbox.rows(rowsOf(step.count, step.others), step.role);
          told.rows[step.role] += step.count;
          told.others[step.role] += step.others;
        } else if (step.do === "reject") {
          outbox.rejection({ code: step.code, message: "", origin: "" });
          told.rejections.set(step.code, (told.rejections.get(step.code) ?? 0) + 1);
        } else if (step.do === "update") {
          outbox.update({ version: ++told.version, loss: 0, gradientNorm: 0, windows: 1 });
        } else if (step.do === "standing") {
          outbox.standing({ assigned: step.held, held: step.held, live: 0, heardAt: 0 });
          told.held = step.held;
        } else for (let i = 0; i < step.count && queue.length > 0; i++) take();
        expect(queue.length).toBeLessThanOrEqual(mostWaiting);
      }
      outbox.close();
      while (queue.length > 0) take();
      // What was dropped is counted with the others of its model.
      let moved = 0;
      for (const role of ["live", "candidate"] as const) {
        moved += told.rows[role] - sums.rows[role];
        expect(sums.rows[role] + sums.others[role]).toBe(told.rows[role] + told.others[role]);
      }
      expect(moved).toBe(dropped);
      const { rows: _, others: __, ...rest } = sums;
      expect(told).toMatchObject(rest);
    }),
  );
});

test("the rows of a long batch are sent, however many updates were made before", () => {
  const sent: Report[] = [];
  let dropped = 0;
  const outbox = new Outbox(
    (report) => sent.push(report),
    (rows) => (dropped += rows),
  );
  for (let version = 1; version <= 1000; version++) {
    outbox.update({ version, loss: 0, gradientNorm: 0, windows: 1 });
  }
  for (const role of ["live", "candidate"] as const) outbox.rows(rowsOf(100, 0), role);
  expect(sent.filter(({ type }) => type === "rows")).toMatchObject([{ role: "live" }, { role: "candidate" }]);
  expect(dropped).toBe(0);
  while (sent.length > 0) {
    sent.shift();
    outbox.taken();
    if (sent.length === 1) expect(sent).toMatchObject([{ update: { version: 1000 } }]);
  }
});

test("a main thread that is busy finds a few messages afterwards, however much happened meanwhile", async () => {
  const happened = new Int32Array(new SharedArrayBuffer(4));
  const outbox = new URL("../../../dist/cli/service/outbox.js", import.meta.url).href;
  const code = `
    import { parentPort, workerData } from "node:worker_threads";
    import { Outbox } from ${JSON.stringify(outbox)};
    let dropped = 0;
    const outbox = new Outbox((report) => parentPort.postMessage(report), (rows) => (dropped += rows));
    parentPort.on("message", () => outbox.taken());
    for (let i = 1; i <= 100_000; i++) {
      outbox.rows({ count: 10, others: 0 }, "live");
      outbox.rejection({ code: "EVENT_LATE", message: "", origin: "" });
      outbox.update({ version: i });
      if (i % 1000 === 0) await new Promise(setImmediate);
    }
    Atomics.store(workerData, 0, 1);
    Atomics.notify(workerData, 0);
    setTimeout(() => { outbox.close(); parentPort.postMessage({ dropped }); parentPort.close(); }, 200);
  `;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    workerData: happened,
  });
  // Nothing of this thread runs until the worker has told everything.
  Atomics.wait(happened, 0, 0);
  const sums = new Sums();
  let messages = 0;
  let dropped = 0;
  worker.on("message", (report: Report | { readonly dropped: number }) => {
    if ("dropped" in report) {
      ({ dropped } = report);
      return;
    }
    messages++;
    sums.take(report);
    worker.postMessage("taken");
  });
  await once(worker, "exit");
  expect(messages).toBeLessThan(2 * mostWaiting);
  expect(dropped).toBeGreaterThan(900_000);
  expect(sums.rows.live + sums.others.live).toBe(1_000_000);
  expect(sums.rejections.get("EVENT_LATE")).toBe(100_000);
  expect(sums.version).toBe(100_000);
});
