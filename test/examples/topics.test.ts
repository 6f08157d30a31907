/** Every configuration of examples/topics reads the record that it is about. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cases, expectRead, folder } from "./topic-records.js";

test("every example of a topic has a record here", () => {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    // The others are about credentials.
    .filter((name) => readFileSync(`${folder}${name}`, "utf8").includes("\ndecode:"))
    .map((name) => name.slice(0, -".yaml".length));
  // Those with a registry are read in test/integration/kafka/schemas.
  const withRegistry = ["avro", "protobuf"];
  expect(names.sort()).toEqual([...Object.keys(cases), ...withRegistry].sort());
});
test.each(Object.entries(cases))("%s.yaml reads its records", expectRead);
