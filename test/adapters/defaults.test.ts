/** One value for one default: what an adapter does without options is what the configuration says by default. */
import { Command } from "commander";
import { expect, test } from "vitest";
import { kafkaDefaults } from "../../src/adapters/kafka/defaults.js";
import {
  adminConfig,
  clientConfig,
  fetchConfig,
  memberConfig,
} from "../../src/adapters/kafka/kafkajs/client.js";
import type { KafkaOptions } from "../../src/adapters/kafka/options.js";
import { producerConfig } from "../../src/adapters/kafka/producer/producer-kafkajs.js";
import { producerConnectionOf } from "../../src/adapters/kafka/producer/producer-platformatic.js";
import { serverDefaults } from "../../src/adapters/web/defaults.js";
import { demoCommand } from "../../src/cli/demo.js";
import { kafkaOptions } from "../../src/cli/shared/kafka-options.js";
import { withInput } from "../../src/cli/shared/inputs.js";
import { addForecasterOptions } from "../../src/cli/shared/options.js";
import { configSchema } from "../../src/config/schema.js";
import { forecasterSettings } from "../../src/forecast/settings.js";
import { settingsOf } from "../../src/forecast/objects.js";
import { pipelineSettings } from "../../src/pipeline/settings.js";

const defaults = configSchema.parse({});

test("of the Kafka adapter: every setting with a default has the adapter's", () => {
  const { bootstrapServers: _, tls, ...kafka } = defaults.kafka;
  expect(kafka).toEqual(kafkaDefaults);
  expect(tls.enabled).toBe(false);
});

test("of the Kafka adapter: without options the clients are told what the default configuration tells them", () => {
  const told = kafkaOptions(withInput(defaults, {}));
  const { applicationId, topics, bootstrapServers } = told;
  const bare: KafkaOptions = { applicationId, topics, bootstrapServers };
  expect(clientConfig(bare)).toEqual(clientConfig(told));
  expect(fetchConfig(bare)).toEqual(fetchConfig(told));
  expect(memberConfig(bare)).toEqual(memberConfig(told));
  expect(adminConfig(bare)).toEqual(adminConfig(told));
  expect(producerConfig(bare, 1)).toEqual(producerConfig(told, 1));
  const { retryDelay: _bare, ...connection } = producerConnectionOf(bare);
  expect(producerConnectionOf(told)).toMatchObject(connection);
});

test("of the server and of the demo", () => {
  const { host, port } = defaults.server;
  expect({ host, port }).toEqual(serverDefaults);
  expect(demoCommand().opts()).toMatchObject({ host, port });
});

test("of the forecaster, the engine and the pipeline, in code, in a file and on a command line", () => {
  const { featureCount, ...model } = forecasterSettings();
  expect(featureCount).toBe(0);
  expect(defaults.model).toEqual(model);
  const { decode, encode, late, snapshot, recovery, commit, applicationId: application } = defaults;
  expect(pipelineSettings()).toEqual({ decode, encode, late, snapshot, recovery, commit, application });
  const { cell, hidden, readout, loss, seed, horizon, intervalLevels, kind } = model;
  const flags = addForecasterOptions(new Command()).opts();
  expect(flags).toEqual({
    ...{ cell, hidden, readout, loss, seed, horizon, intervalLevels, kind },
    engine: defaults.engine,
  });
  const read = { key: () => "k", time: () => 0, value: () => 0 };
  expect(settingsOf(read)).toEqual(forecasterSettings());
});
