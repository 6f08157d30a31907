/** What a service takes from its configuration while it runs, and what refuses the whole. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { reloadable, Reloader } from "../../../src/cli/service/reload.js";
import { configSchema, type Config } from "../../../src/config/schema.js";
import type { Settings } from "../../support/service.js";

const migrate = { recovery: { changedModel: "migrate" } } as const;

/** A reloader that reads these settings one after the other, and what it put in force. */
function reloading(...files: readonly Settings[]): { reloader: Reloader; applied: Config[] } {
  const [first, ...later] = files.map((file) => configSchema.parse(file));
  const applied: Config[] = [];
  const read = (): Config => later.shift()!;
  return { reloader: new Reloader(first!, read, (settings) => applied.push(settings)), applied };
}

it("puts in force what may change, and names it", () => {
  const next: Settings = {
    ...migrate,
    log: { level: "debug" },
    server: { series: ["pump-7"] },
    model: {
      alarmRate: 0.01,
      detection: {
        direction: "above",
        minimumDeviation: { absolute: 2 },
        quiet: [{ from: "22:00", to: "06:00" }],
      },
    },
  };
  const { reloader, applied } = reloading(migrate, next, next);
  expect([...reloader.reload().changed].sort()).toEqual([
    "log.level",
    "model.alarmRate",
    "model.detection.direction",
    "model.detection.minimumDeviation.absolute",
    "model.detection.quiet",
    "server.series",
  ]);
  expect(applied).toEqual([configSchema.parse(next)]);
  expect(reloader.reload().changed).toEqual([]);
  expect(applied).toHaveLength(1);
});

it.each<[string, Settings, RegExp]>([
  ["of the state", { ...migrate, model: { hidden: 16 } }, /model\.hidden: takes effect at a start/],
  [
    "of detection that is no gate",
    { ...migrate, model: { detection: { silence: true } } },
    /detection\.silence: takes/,
  ],
  [
    "of the brokers",
    { ...migrate, kafka: { bootstrapServers: ["other:9092"] } },
    /kafka\.bootstrapServers: takes/,
  ],
  [
    "beside others that may change",
    { ...migrate, log: { level: "warn" }, topics: { input: "b" } },
    /topics\.input: takes/,
  ],
])("refuses a setting %s by its name, and keeps all", (_, next, message) => {
  const { reloader, applied } = reloading(migrate, next, migrate);
  expect(() => reloader.reload()).toThrow(
    expect.objectContaining({ code: "SETTING_INVALID", message: expect.stringMatching(message) as string }),
  );
  expect(applied).toEqual([]);
  // The settings of the start are still those in force.
  expect(reloader.reload().changed).toEqual([]);
});

it("refuses alarm settings where another instance could not take over a state of them, or a candidate runs", () => {
  const model = { alarmRate: 0.01 };
  expect(() => reloading({}, { model }).reloader.reload()).toThrow(
    /model\.alarmRate: requires recovery\.changedModel: migrate/,
  );
  const candidate = { ...migrate, candidate: { model: { hidden: 16 } } };
  expect(() => reloading(candidate, { ...candidate, model }).reloader.reload()).toThrow(/beside a candidate/);
});

it("names no setting that is not in the schema", () => {
  for (const path of reloadable) {
    const value = path
      .split(".")
      .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], configSchema.parse({}));
    expect(value, path).toBeDefined();
  }
});

it("takes all or nothing, for any mixture of changes", () => {
  const changes: Readonly<Record<string, Settings>> = {
    "log.level": { log: { level: "error" } },
    "server.series": { server: { series: ["a"] } },
    "model.alarmRate": { model: { alarmRate: 0.02 } },
    "server.port": { server: { port: 1 } },
    late: { late: "drop" },
  };
  fc.assert(
    fc.property(fc.subarray(Object.keys(changes)), (names) => {
      const merged: Record<string, unknown> = { ...migrate };
      for (const name of names) {
        for (const [section, part] of Object.entries(changes[name]!)) {
          merged[section] = typeof part === "object" ? { ...(merged[section] as object), ...part } : part;
        }
      }
      const { reloader, applied } = reloading(migrate, merged);
      const refused = names.filter((name) => !reloadable.includes(name));
      if (refused.length === 0) {
        expect([...reloader.reload().changed].sort()).toEqual([...names].sort());
        expect(applied).toHaveLength(names.length === 0 ? 0 : 1);
        return;
      }
      expect(() => reloader.reload()).toThrow(new RegExp(refused[0]!));
      expect(applied).toEqual([]);
    }),
  );
});
