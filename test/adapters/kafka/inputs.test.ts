import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkOptions } from "../../../src/adapters/kafka/check-options.js";
import { matchingInputs, optionsOf, topicsOf } from "../../../src/adapters/kafka/inputs.js";
import type { InputTopics, ServiceOptions } from "../../../src/adapters/kafka/options.js";

const outputs = {
  forecasts: "{input}-forecasts",
  state: "state.of.{input}",
  incidents: "{input}-incidents",
  deadLetters: "plant.dead",
};
const optionsWith = (input: string | InputTopics, others: object = {}): ServiceOptions => ({
  bootstrapServers: ["localhost:9092"],
  applicationId: "plant",
  topics: { input, ...outputs, ...others },
});
const messageOf = (options: ServiceOptions): string => {
  try {
    checkOptions(options);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("the options of one of several input topics", () => {
  test("have the outputs of that topic, and all else in common", () => {
    const options = optionsWith(["plant.a", "plant.b"]);
    expect(optionsOf(options, "plant.b")).toEqual({
      ...options,
      topics: {
        input: "plant.b",
        forecasts: "plant.b-forecasts",
        state: "state.of.plant.b",
        incidents: "plant.b-incidents",
        deadLetters: "plant.dead",
      },
    });
  });

  test("are refused where two topics would share an output, with the name to write", () => {
    expect(messageOf(optionsWith(["a", "b"]))).toBe("");
    expect(messageOf(optionsWith("a", { state: "state" }))).toBe("");
    expect(messageOf(optionsWith(["a", "b"], { state: "state" }))).toContain("{input}-state");
    expect(messageOf(optionsWith(["a"], { forecasts: "f" }))).toContain("topics.forecasts");
    expect(messageOf(optionsWith(["a", "a"]))).toContain("topics.input");
    expect(messageOf(optionsWith([]))).toContain("topics.input");
    expect(messageOf(optionsWith({ pattern: "(" }))).toContain("topics.input.pattern");
  });
});

describe("the topics of a pattern", () => {
  const topics = { input: { pattern: "plant\\..*" }, ...outputs };

  test("are those whose whole name matches, without the brokers' own, dead letters and outputs", () => {
    const names = ["plant.b", "plant.a", "plant", "my.plant.a", "__consumer_offsets", "plant.dead"];
    const theirs = ["plant.a-forecasts", "state.of.plant.a", "plant.b-incidents"];
    expect(matchingInputs([...names, ...theirs], topics)).toEqual(["plant.a", "plant.b"]);
    expect(matchingInputs(["__a", "b"], { ...topics, input: { pattern: ".*" } })).toEqual(["b"]);
  });

  test("never have an output of a topic among them, also if the topic was deleted", () => {
    const segment = fc.stringMatching(/^[a-z.-]{1,8}$/);
    fc.assert(
      fc.property(fc.uniqueArray(segment, { maxLength: 8 }), (segments) => {
        const inputs = segments.map((text) => `plant.${text}`);
        const written = inputs.flatMap((input) => {
          const { forecasts, state, incidents } = topicsOf(topics, input);
          return [forecasts, state, incidents];
        });
        expect(matchingInputs(written, topics)).toEqual([]);
        const read = matchingInputs(inputs, topics);
        expect(read).toEqual(inputs.filter((name) => !/-(?:forecasts|incidents)$/.test(name)).sort());
      }),
    );
  });
});
