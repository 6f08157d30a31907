import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UndercurrentError } from "../../../src/errors/errors.js";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { forecasterSettings } from "../../../src/forecast/settings.js";
import type { ForecasterState } from "../../../src/forecast/forecaster-state.js";
import type { ModelState } from "../../../src/forecast/learning/model-state.js";
import { encodeModel, joinRecords } from "../../../src/forecast/snapshot/snapshot.js";
import { signatureOf } from "../../../src/forecast/snapshot/signature.js";
import { SymbolForecaster } from "../../../src/forecast/symbols/forecaster.js";
import { symbolSettings } from "../../../src/forecast/symbols/settings.js";
import { codeOf } from "../../support/code-of.js";
import { damaged, damages } from "../../support/damage.js";
import { bitsOf, quick, run, syntheticEvents } from "../../support/streams.js";
import { feed, small, walks } from "../symbols/streams.js";

const settings = forecasterSettings({ ...quick, readout: "full", horizon: 3, featureCount: 1 });
const events = syntheticEvents(900, 9).map((event, i) => ({ ...event, features: [i % 7] }));
const symbolEvents = walks(4, 1200, 5, 20, 0.05);

function valueForecaster(count: number): Forecaster {
  const forecaster = new Forecaster(settings);
  run(forecaster, events.slice(0, count));
  return forecaster;
}

type Queue = ModelState["queue"];

/** A snapshot with waiting windows, which are not those that the forecaster wrote. */
function withQueue(change: (queue: Queue) => Queue): Uint8Array {
  const forecaster = valueForecaster(600);
  const { runner } = Reflect.get(forecaster, "state") as ForecasterState;
  const readModel = () => runner.readModel((slot) => forecaster.keyOf(slot));
  for (let i = 600; readModel().queue.length === 0; i++) run(forecaster, events.slice(i, i + 1));
  const model = { ...readModel(), keys: forecaster.keyCount };
  const keys = forecaster.changes().slice(1);
  return joinRecords([
    encodeModel(signatureOf(settings, settings.cell), { ...model, queue: change(model.queue) }),
    ...keys.map(({ key, bytes }) => ({ key, bytes: bytes! })),
  ]);
}

describe("a snapshot whose waiting windows no forecaster can have", () => {
  const refused: [string, (queue: Queue) => Queue][] = [
    ["more than an update learns from", ([first]) => others(first!, 6)],
    ["as many as an update learns from", ([first]) => others(first!, 4)],
    ["two of a key", ([first]) => [first!, first!]],
    ["one of a key that it does not hold", ([first]) => [{ ...first!, key: "nobody" }]],
    ...[NaN, -2, 1.5, 2, 1e9].map((count): [string, (queue: Queue) => Queue] => [
      `one that ends with event ${count}`,
      ([first]) => [{ ...first!, count }],
    ]),
  ];
  const others = (window: Queue[number], count: number): Queue =>
    Array.from({ length: count }, (_, i) => ({ ...window, key: `key-${i}`, count: 4 }));

  test.each(refused)("is refused, and changes nothing: %s", (_name, change) => {
    const forecaster = valueForecaster(400);
    const before = forecaster.snapshot();
    const snapshot = withQueue(change);
    expect(codeOf(() => forecaster.restore(snapshot))).toBe("SNAPSHOT_CORRUPT");
    expect(forecaster.snapshot()).toEqual(before);
    expect(bitsOf(run(forecaster, events))).toBe(bitsOf(run(valueForecaster(400), events)));
  });

  test("is taken over where they are its own", () => {
    const forecaster = valueForecaster(400);
    forecaster.restore(withQueue((queue) => queue));
    expect(() => run(forecaster, events)).not.toThrow();
  });
});

/** A forecaster of a kind: how it comes to a state, and what it says of events after that. */
const kinds = [
  {
    what: "values",
    make: (count: number) => {
      const forecaster = valueForecaster(count);
      return { forecaster, goOn: () => bitsOf(run(forecaster, events.slice(700, 800))) };
    },
  },
  {
    what: "symbols",
    make: (count: number) => {
      const forecaster = new SymbolForecaster(symbolSettings(small));
      feed(forecaster, symbolEvents.slice(0, count));
      return { forecaster, goOn: () => JSON.stringify(feed(forecaster, symbolEvents.slice(700, 800))) };
    },
  },
];

test.each(kinds)(
  "a damaged snapshot of $what with right checksums is refused and changes nothing, or can be gone on from",
  ({ make }) => {
    const snapshot = make(650).forecaster.snapshot();
    const { forecaster, goOn } = make(400);
    const first = forecaster.snapshot();
    let refused = 0;
    fc.assert(
      fc.property(damages(snapshot), (damage) => {
        const before = forecaster.snapshot();
        try {
          forecaster.restore(damaged(snapshot, damage));
        } catch (error) {
          refused++;
          if (!(error instanceof UndercurrentError)) throw error;
          expect(error.code).toMatch(/^SNAPSHOT_(?:CORRUPT|FOREIGN|VERSION)$/);
          expect(Buffer.compare(forecaster.snapshot(), before)).toBe(0);
          return;
        }
        goOn();
        forecaster.restore(forecaster.snapshot());
        forecaster.restore(first);
      }),
      { numRuns: 200 },
    );
    expect(refused).toBeGreaterThan(20);
    expect(goOn()).toBe(make(400).goOn());
  },
);
