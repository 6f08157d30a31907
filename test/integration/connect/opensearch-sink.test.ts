// Forecasts of the built command as documents of OpenSearch, written by Kafka Connect's runtime and Camel's sink.
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { loadConfig } from "../../../src/config/load.js";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { sinkSettings, startConnect, type RunningConnect } from "../../support/connect.js";
import { converterAnswers } from "../../support/converter.js";
import { startOpenSearch, type RunningOpenSearch } from "../../support/opensearch.js";
import { startService } from "../../support/service.js";
import { quick } from "../../support/streams.js";
import { committed, deployment, produce } from "../kafka/deployment.js";

const isThere = converterAnswers();
if (!isThere) console.warn("SKIPPED: tests of an OpenSearch sink. Install Java 17 with Maven.");
// The first run downloads Connect, the sink and OpenSearch.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

interface Placed {
  readonly partition: number;
  readonly offset: number;
}
interface Found {
  readonly hits: { readonly hits: readonly { readonly _source: Placed }[] };
}
interface Mapped {
  readonly forecasts: {
    readonly mappings: { readonly properties: Readonly<Record<string, { type: string }>> };
  };
}

(isThere ? describeWithBroker : describe.skip)("Kafka Connect with an OpenSearch sink", () => {
  let search: RunningOpenSearch | undefined;
  let connect: RunningConnect | undefined;
  beforeAll(async () => {
    search = await startOpenSearch();
  });
  afterEach(async () => {
    await endChildren();
    await connect?.stop();
    connect = undefined;
  });
  afterAll(() => search?.stop());

  test("keeps one document per forecast, also where the records come again", async () => {
    const { address } = search!;
    const { encode } = loadConfig("examples/topics/sink-opensearch.yaml", {}).settings;
    const settings = await deployment(2, { model: quick, encode });
    const { forecasts } = settings.topics;
    await produce(settings, 0, 30);
    await produce(settings, 1, 20);
    const service = startService(settings);
    await committed(service, 0, 30);
    await committed(service, 1, 20);
    expect(await service.end()).toBe(0);
    const pipeline = readFileSync("examples/sinks/opensearch-pipeline.json", "utf8");
    await search!.request("PUT", "_ingest/pipeline/forecasts", pipeline);
    await search!.request("PUT", "forecasts", '{"settings": {"index.default_pipeline": "forecasts"}}');

    // A connector with another name is another group, and begins again.
    for (const name of [broker.name("first"), broker.name("again")]) {
      const example = sinkSettings("opensearch");
      connect = await startConnect(broker.brokers, {
        ...example,
        ...{ name, topics: forecasts },
        "camel.sink.url": example["camel.sink.url"]!.replace("localhost:9200", address),
      });
      for (const [partition, count] of [30, 20].entries()) {
        await expect
          .poll(
            async () => {
              for (const { state, trace } of await connect!.tasks()) {
                if (state === "FAILED") throw new Error(trace ?? "The task has failed.");
              }
              return broker.committedOffset(`connect-${name}`, forecasts, partition);
            },
            { timeout: 100_000 },
          )
          .toBeGreaterThanOrEqual(count);
      }
      await connect.stop();
    }

    await search!.request("POST", "forecasts/_refresh");
    const found = (await search!.request("GET", "forecasts/_search?size=200")) as Found;
    const inOrder = (documents: readonly Placed[]): Placed[] =>
      [...documents].sort((a, b) => a.partition - b.partition || a.offset - b.offset);
    const written = (await broker.readCommitted(forecasts, 50)).flat();
    expect(inOrder(found.hits.hits.map(({ _source: source }) => source))).toEqual(
      inOrder(written.map(({ value }) => JSON.parse(value!.toString()) as Placed)),
    );
    const { forecasts: index } = (await search!.request("GET", "forecasts/_mapping")) as Mapped;
    expect(
      Object.fromEntries(Object.entries(index.mappings.properties).map(([name, { type }]) => [name, type])),
    ).toMatchObject({ time: "date", yhat_time: "date", value: "float", yhat: "float", alarm: "boolean" });
  });
});
