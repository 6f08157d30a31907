import { expect, test } from "vitest";
import { Forecaster } from "../../../src/forecast/forecaster.js";
import { cellKinds } from "../../../src/engine/port.js";
import { forecasterSettings, readoutKinds } from "../../../src/forecast/settings.js";
import { modelRecordBytes, writeState } from "../../../src/pipeline/state/state-records.js";
import { run, syntheticEvents } from "../../support/streams.js";

test.each(cellKinds.flatMap((cell) => readoutKinds.map((readout) => ({ cell, readout }))))(
  "the bound on the model's record holds for $cell with $readout, and is not far from it",
  (kind) => {
    const settings = forecasterSettings({ ...kind, hidden: 16 });
    const forecaster = new Forecaster(settings);
    const events = syntheticEvents(3000, 80);
    let largest = 0;
    for (let i = 0; i < events.length; i += 100) {
      run(forecaster, events.slice(i, i + 100));
      const { records } = writeState(i, forecaster);
      largest = Math.max(largest, records.find(({ key }) => key === "model")!.value!.length);
    }
    forecaster.dispose();
    const bound = modelRecordBytes(settings);
    expect(largest).toBeLessThanOrEqual(bound);
    expect(bound - largest).toBeLessThan(50_000);
  },
);
