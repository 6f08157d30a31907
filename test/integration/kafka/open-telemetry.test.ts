// What a service sends to a receiver of OTLP, in one thread and in several.
import { afterEach, expect, it } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { attributeOf, startOtlpReceiver, type OtlpReceiver } from "../../support/otlp-receiver.js";
import { logged, startService } from "../../support/service.js";
import { committed, deployment } from "./deployment.js";

let receiver: OtlpReceiver | undefined;
afterEach(async () => {
  await endChildren();
  await receiver?.close();
});

const parent = `00-${"a1".repeat(16)}-${"b2".repeat(8)}-01`;

describeWithBroker("OpenTelemetry", () => {
  it.each([[[]], [["--workers", "2"]]])(
    "gets traces that link to those of the records, and metrics (%j)",
    async (args) => {
      receiver = await startOtlpReceiver();
      const openTelemetry = { endpoint: receiver.url, traces: true, metrics: true };
      const settings = await deployment(1, { openTelemetry });
      const readings = Array.from({ length: 12 }, (_, i) => ({
        key: "pump-7",
        value: JSON.stringify({ value: i }),
        headers: { traceparent: parent },
        timestamp: 1_700_000_000_000 + i,
      }));
      await broker.produce(settings.topics.input, 0, readings);
      const service = startService(settings, { args });
      await committed(service, 0, 12);
      expect(await service.end()).toBe(0);
      const whole = receiver.spans.find(({ links = [] }) => links.length > 0)!;
      expect(whole.name).toBe(`process ${settings.topics.input}`);
      expect(whole.links).toMatchObject([{ traceId: "a1".repeat(16), spanId: "b2".repeat(8) }]);
      expect(attributeOf(whole.attributes, "messaging.consumer.group.name")).toBe(settings.applicationId);
      const events = receiver.metrics.get("undercurrent_events_total")!.sum!.dataPoints;
      expect(events.map(({ asDouble }) => asDouble)).toEqual([12]);
      const [forecasts] = await broker.readCommitted(settings.topics.forecasts, 12);
      expect(forecasts!.map(({ headers }) => String(headers?.["traceparent"]))).toEqual(
        Array(12).fill(parent),
      );
      expect(logged(service, "open-telemetry")).toEqual([]);
    },
    90_000,
  );
});
