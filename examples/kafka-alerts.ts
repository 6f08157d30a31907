/**
 * A service of one's own on Kafka: test rigs are left out, Fahrenheit becomes Celsius, and alerts go to a topic of their
 * own, in the same commit as the forecasts. After a crash there is neither an alert twice nor one that is missing.
 *
 * The topics pumps-readings, pumps-forecasts, pumps-alerts and pumps-state (compacted) have to exist, all but the alerts
 * with the same number of partitions. Readings are {"value": 68.5, "unit": "F"}, their key names the pump.
 */
import { filter, map, pipe, tap, lastValueFrom } from "rxjs";
import { run, type Reading, type RecordForecast, type RoutedRecord } from "undercurrent-forecast/pipeline";
import { kafkaPorts } from "undercurrent-forecast/kafka";

const application = process.argv[2] ?? "pumps";
const kafka = kafkaPorts({
  bootstrapServers: [process.env["KAFKA_BROKER"] ?? "localhost:9092"],
  applicationId: application,
  topics: {
    input: `${application}-readings`,
    forecasts: `${application}-forecasts`,
    state: `${application}-state`,
  },
});

function inCelsius(reading: Reading): Reading {
  const { unit } = reading.document as { readonly unit?: string };
  return unit === "F" ? { ...reading, value: (reading.value - 32) / 1.8 } : reading;
}

function alert({ event, value, expected, anomalyScore }: RecordForecast): RoutedRecord {
  const { key, headers, timestamp } = event.record;
  const text = JSON.stringify({ pump: event.key, celsius: value, expected, score: anomalyScore });
  return { topic: `${application}-alerts`, record: { key, value: Buffer.from(text), headers, timestamp } };
}

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());

const tasks = run(kafka.source, kafka.committer, {
  before: pipe(
    filter(({ key }) => !key.startsWith("test-")),
    map(inCelsius),
  ),
  after: pipe(
    filter(({ anomalyScore }) => anomalyScore > 1),
    map(alert),
  ),
  stop: stop.signal,
});
try {
  await lastValueFrom(tasks.pipe(tap((event) => console.log(JSON.stringify(event)))), {
    defaultValue: undefined,
  });
} finally {
  // Whoever ends without having left the group holds its partitions until the session has timed out.
  await kafka.closed();
}
