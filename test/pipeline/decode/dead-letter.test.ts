/** A dead letter names its readings, and is not much larger than its record, whatever their names are. */
import { expect, test } from "vitest";
import { UndercurrentError } from "../../../src/errors/errors.js";
import { deadLetter } from "../../../src/pipeline/decode/dead-letter.js";
import { header, jsonRecord } from "../records.js";

const error = new UndercurrentError("KEY_INVALID", "no number");
const letterOf = (...names: string[]) =>
  deadLetter(
    jsonRecord(7, "pump", {}),
    { topic: "readings", partition: 3 },
    names.map((series) => ({ series, error })),
  );

test("the reason begins with the name of the first reading, where it has one", () => {
  expect(header(letterOf(""), "undercurrent-reason")).toBe("no number");
  expect(header(letterOf(""), "undercurrent-series")).toBeUndefined();
  expect(header(letterOf("kW"), "undercurrent-reason")).toBe("kW: no number");
  expect(header(letterOf("kW", "", "V"), "undercurrent-reason")).toBe(
    "kW: no number (and 2 more of its readings)",
  );
  expect(header(letterOf("kW", "", "V"), "undercurrent-series")).toBe('["kW","","V"]');
});

test("long names are cut, and the list of names holds as many as fit into 8 KB", () => {
  const name = "n".repeat(201);
  expect(header(letterOf("n".repeat(200)), "undercurrent-series")).toBe(JSON.stringify(["n".repeat(200)]));
  expect(header(letterOf(name), "undercurrent-series")).toBe(JSON.stringify([`${"n".repeat(200)}…`]));
  // Each takes 200 characters, an ellipsis of three bytes, two quotes and a comma.
  const names = JSON.parse(
    header(letterOf(...Array<string>(100).fill(name)), "undercurrent-series")!,
  ) as string[];
  expect(names).toHaveLength(Math.floor(8192 / 206));
});
