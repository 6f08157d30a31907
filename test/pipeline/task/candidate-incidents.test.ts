/** The candidate's incidents: in a place of their own, marked, exactly once, and handed over at a promotion. */
import { describe, expect, test } from "vitest";
import { forecasterSettings, type ForecasterOptions } from "../../../src/forecast/settings.js";
import { readIncident, type IncidentMessage } from "../../../src/pipeline/encode/incidents/message.js";
import type { OutputRecord, RecordHeader } from "../../../src/pipeline/ports.js";
import type { RunOptions } from "../../../src/pipeline/run.js";
import { promotionMessage } from "../../../src/pipeline/state/promotion.js";
import { explainForecast, type ExplainOptions } from "../../../src/pipeline/explain.js";
import { explainIncident, placeOfIncident } from "../../../src/pipeline/explain-incident.js";
import type { InputBatch } from "../../../src/pipeline/ports.js";
import { pipelineSettings } from "../../../src/pipeline/settings.js";
import { PastState } from "../../../src/pipeline/state/state-records.js";
import { TransactionalLog } from "../../simulate/log.js";
import { eventsWithFaults } from "../../support/faults.js";
import { quick } from "../../support/streams.js";
import { quiet, start } from "../running.js";

const model: ForecasterOptions = { ...quick, detection: { group: "^(key)" } };
const other: ForecasterOptions = { ...model, cell: "gru", alarmRate: 0.02 };
const both: RunOptions = {
  ...{ forecaster: model, candidate: { forecaster: other, emitIncidents: true } },
  ...{ snapshot: { everyEvents: 70 }, commit: { maxEvents: 20 } },
};
const events = eventsWithFaults(900, 2);

/** An offset in the middle of a fault. */
const amidFault = events.findIndex(({ value }, i) => i > 500 && Math.abs(value - 100) > 10) + 12;

function append(log: TransactionalLog, from: number, to: number): void {
  for (const { key, time, value } of events.slice(from, to)) {
    log.append(0, {
      ...{ key: Buffer.from(key), timestamp: time, headers: [] },
      value: Buffer.from(JSON.stringify({ value })),
    });
  }
}

const textOf = (records: readonly OutputRecord[]): string[] =>
  records.map(({ value }) => Buffer.from(value!).toString());
const rolesOf = (headers: readonly RecordHeader[]): string[] =>
  headers
    .filter(({ name }) => name === "undercurrent-role")
    .map(({ value }) => Buffer.from(value).toString());

async function run(
  options: RunOptions,
  { ends = [events.length], ...meet }: { ends?: number[] } & Parameters<typeof start>[2] = {},
): Promise<TransactionalLog> {
  const log = new TransactionalLog(1);
  let from = 0;
  for (const to of ends) {
    append(log, from, to);
    const running = start(log, options, meet);
    while ((log.committed(0) ?? 0) < to) {
      await quiet();
      running.clock.turn(60_000);
    }
    running.stop.abort();
    await quiet();
    expect(running.outcome()).toBe("completed");
    from = to;
  }
  return log;
}

/** A run of all events that promotes the candidate amid a fault. */
async function promotedAmidFault(
  options: RunOptions,
): Promise<{ log: TransactionalLog; running: ReturnType<typeof start> }> {
  const log = new TransactionalLog(1);
  append(log, 0, amidFault);
  const running = start(log, options);
  await quiet();
  log.say(0, Buffer.from(promotionMessage(forecasterSettings(other), log.committed(0))));
  await quiet();
  append(log, amidFault, events.length);
  await quiet();
  running.stop.abort();
  await quiet();
  return { log, running };
}

test("they are those of a service with this model alone, with a header, over restarts and lost commits", async () => {
  const alone = textOf(
    (await run({ ...both, forecaster: other, candidate: undefined! })).visible(0).incidents,
  );
  let commits = 0;
  const outcome = () => (++commits % 7 === 3 ? "lost" : commits % 11 === 5 ? "landed-unheard" : "landed");
  const log = await run(both, { ends: [211, 560, events.length], outcome });
  const { incidents, candidateIncidents } = log.visible(0);
  expect(alone.length).toBeGreaterThan(5);
  expect(textOf(candidateIncidents)).toEqual(alone);
  for (const { headers } of candidateIncidents) expect(rolesOf(headers)).toEqual(["candidate"]);
  const live = await run({ ...both, candidate: undefined! });
  expect(incidents).toEqual(live.visible(0).incidents);
  expect(textOf(incidents)).not.toEqual(alone);
});

test("they are not written unless they are asked for, with forecasts or without", async () => {
  for (const emit of [true, false]) {
    const log = await run({ ...both, candidate: { forecaster: other, emit } }, { ends: [600] });
    expect(log.visible(0).candidateIncidents).toEqual([]);
    expect(log.visible(0).candidates.length > 0).toBe(emit);
  }
});

test("they have ids of their own as CloudEvents", async () => {
  const log = await run({ ...both, encode: { headers: "cloudevents" } });
  const { incidents, candidateIncidents } = log.visible(0);
  const ids = [...incidents, ...candidateIncidents].map(({ headers }) =>
    Buffer.from(headers.find(({ name }) => name === "ce_id")!.value).toString(),
  );
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.at(-1)).toMatch(/^candidate\/incident\/\d/);
});

test("a promotion exchanges them: no reader of either topic waits for an end that is told in the other one", async () => {
  const { log } = await promotedAmidFault(both);
  expect(log.promotions(0)).toHaveLength(1);
  const { incidents, candidateIncidents } = log.visible(0);
  const handedOver = (records: readonly OutputRecord[]): IncidentMessage[] =>
    records.map(({ value }) => readIncident(value)!);
  for (const told of [handedOver(incidents), handedOver(candidateIncidents)]) {
    const open = new Set<string>();
    for (const { id, key, change } of told) {
      const name = JSON.stringify([id, key]);
      if (change === "opened") expect(open.has(name)).toBe(false);
      else expect(open.has(name)).toBe(true);
      if (change === "closed") open.delete(name);
      else open.add(name);
    }
  }
  for (const { headers } of candidateIncidents) expect(rolesOf(headers)).toEqual(["candidate"]);
  for (const { headers } of incidents) expect(rolesOf(headers)).toEqual([]);
});

describe("explain", () => {
  const origin = { topic: "readings", partition: 0 };
  const settings = pipelineSettings({ late: "drop" });

  async function* inputOf(log: TransactionalLog, from: number): AsyncGenerator<InputBatch> {
    for (let next = from; ;) {
      const batch = await Promise.resolve(log.poll(0, next, 50));
      if (batch === undefined) return;
      yield batch;
      next = batch.nextOffset;
    }
  }

  /** A run that promotes the candidate amid a fault, and what its state topic holds before an offset. */
  async function promoted(): Promise<{ log: TransactionalLog; before: (offset: number) => PastState }> {
    const candidate = { forecaster: other, emit: true, emitIncidents: true };
    const { log, running } = await promotedAmidFault({ ...both, candidate });
    const state = running.commits.flatMap(({ snapshot }) => snapshot?.records ?? []);
    const before = (offset: number): PastState => {
      const past = new PastState(offset);
      for (const { key, value } of state) past.add(key, value);
      return past;
    };
    return { log, before };
  }

  function optionsAt(past: PastState): Omit<ExplainOptions, "origin"> {
    const state = past.read();
    return {
      ...{ settings, state, role: "candidate", roles: past.roles, candidate: past.readCandidate(state) },
      model: state === undefined ? forecasterSettings(model) : forecasterSettings(state.settings),
    };
  }

  test("gives the candidate's forecasts and incidents again, before and behind a promotion", async () => {
    const { log, before } = await promoted();
    const { candidates, candidateIncidents } = log.visible(0);
    expect(log.promotions(0)).toHaveLength(1);
    for (const [offset, cell] of [
      [3, "gru"],
      [amidFault - 1, "gru"],
      [amidFault, "lstm"],
      [880, "lstm"],
    ] as const) {
      const options = optionsAt(before(offset));
      const explained = await explainForecast(inputOf(log, options.state?.offset ?? 0), offset, {
        ...options,
        origin,
      });
      expect(explained.model).toMatch(new RegExp(`^${cell}`));
      expect(textOf([explained.record])).toEqual(textOf([candidates[offset]!]));
    }
    const ids = new Set(candidateIncidents.map(({ value }) => readIncident(value)!.id));
    expect(ids.size).toBeGreaterThan(3);
    for (const id of ids) {
      const place = placeOfIncident(id, origin.topic);
      const options = optionsAt(before(place.offset));
      const derived = await explainIncident(inputOf(log, options.state?.offset ?? 0), place, options);
      const written = candidateIncidents.filter(({ value }) => readIncident(value)!.id === id);
      // One that is handed over may be opened a second time, behind its end; one may be open at the end of the input.
      const end = written.findIndex(({ value }) => readIncident(value)!.change === "closed");
      expect(textOf(derived.changes)).toEqual(textOf(end < 0 ? written : written.slice(0, end + 1)));
    }
  });

  test("says that there is no candidate where none observed the record", async () => {
    const log = await run({ ...both, candidate: undefined! }, { ends: [120] });
    const explained = explainForecast(inputOf(log, 0), 100, {
      ...{ origin, settings, model: forecasterSettings(model), state: undefined, role: "candidate" },
    });
    await expect(explained).rejects.toMatchObject({ code: "HISTORY_MISSING" });
    await expect(explained).rejects.toThrow("no candidate observed this record");
  });
});
