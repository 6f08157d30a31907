import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.js";

const files = readdirSync("examples", { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".yaml"),
);

test("there are example configurations", () => {
  expect(files.length).toBeGreaterThan(3);
});

test.each(files)("%s is a configuration", (file) => {
  expect(parseConfig(readFileSync(`examples/${file}`, "utf8"), {}).settings.applicationId).not.toBe("");
});
