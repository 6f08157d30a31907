/** Where the whole client runs. */
import { expect, test } from "vitest";
import {
  refuseNewRelease,
  refuseOldNode,
  refuseOldRelease,
} from "../../../../src/adapters/kafka/platformatic/load.js";

test.each(["20.20.2", "21.7.3", "22.12.0", "22.21.1"])(
  "Node.js %s is refused, with what works there",
  (node) => {
    expect(() => refuseOldNode(node)).toThrow(
      expect.objectContaining({
        code: "SETTING_INVALID",
        message: expect.stringMatching(
          new RegExp(`needs Node.js 22.22 or later, found ${node}.*kafka.producerClient: platformatic`),
        ) as string,
      }),
    );
  },
);

test.each(["22.22.0", "24.6.0", "26.10.0"])("Node.js %s is taken", (node) => {
  expect(() => refuseOldNode(node)).not.toThrow();
});

test("a release of the client without the whole client is refused by name", () => {
  expect(() => refuseOldRelease({ joinGroupV9: {} })).toThrow(
    expect.objectContaining({
      code: "KAFKA_CLIENT_MISSING",
      message: expect.stringContaining("2") as string,
    }),
  );
});

test("a release that does not run on this Node.js is refused, with the one that does", () => {
  const release2 = { joinGroupV5: {}, fetchV11: {} };
  expect(() => refuseNewRelease(release2, "20.20.2")).toThrow(
    expect.objectContaining({
      code: "KAFKA_CLIENT_MISSING",
      message: expect.stringContaining("needs @platformatic/kafka 1 on Node.js 20.20.2") as string,
    }),
  );
  expect(() => refuseNewRelease(release2, "22.22.0")).not.toThrow();
  expect(() => refuseNewRelease({ joinGroupV9: {} }, "20.20.2")).not.toThrow();
});
