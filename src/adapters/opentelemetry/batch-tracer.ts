/** Makes three spans of each batch: the whole, its forecasts and its commit. */
import type * as Api from "@opentelemetry/api";
import type { Commit, InputRecord } from "../../pipeline/ports.js";
import type { BatchTrace, BatchTracer } from "../../pipeline/telemetry.js";
import { linksOf } from "./links.js";

/** Epoch milliseconds with fractions. */
const now = (): number => performance.timeOrigin + performance.now();

/** A batch as it was followed. The spans are made at its end: the SDK keeps nothing of batches under way. */
class FollowedBatch implements BatchTrace {
  readonly #end: (batch: FollowedBatch, error: unknown) => void;
  readonly topic: string;
  readonly partition: number;
  readonly began = now();
  forecastAt: number | undefined;
  committingAt: number | undefined;
  links: Api.Link[] = [];
  attributes: Api.Attributes = {};

  constructor(topic: string, partition: number, end: (batch: FollowedBatch, error: unknown) => void) {
    this.topic = topic;
    this.partition = partition;
    this.#end = end;
  }

  forecast(records: readonly InputRecord[], { forecasts, incidents, deadLetters, offset }: Commit): void {
    this.forecastAt = now();
    this.links = linksOf(records);
    this.attributes = {
      "messaging.batch.message_count": records.length,
      "messaging.kafka.offset": records[0]?.offset ?? offset,
      "undercurrent.committed_offset": offset,
      "undercurrent.forecasts": forecasts.length,
      "undercurrent.incident_changes": incidents.length,
      "undercurrent.dead_letters": deadLetters.length,
    };
  }

  committing(): void {
    this.committingAt = now();
  }

  ended(error?: unknown): void {
    this.#end(this, error);
  }
}

/** @param application The consumer group. */
export function batchTracer(api: typeof Api, tracer: Api.Tracer, application: string): BatchTracer {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const fail = (span: Api.Span, error: unknown): void => {
    if (error === undefined) return;
    const message = error instanceof Error ? { message: error.message } : {};
    span.setStatus({ code: SpanStatusCode.ERROR, ...message });
  };
  const end = (batch: FollowedBatch, error: unknown): void => {
    const { topic, partition, began, forecastAt, committingAt, links, attributes } = batch;
    const ended = now();
    const whole = tracer.startSpan(
      `process ${topic}`,
      {
        kind: SpanKind.CONSUMER,
        startTime: began,
        links,
        attributes: {
          "messaging.system": "kafka",
          "messaging.operation.type": "process",
          "messaging.destination.name": topic,
          "messaging.destination.partition.id": String(partition),
          "messaging.consumer.group.name": application,
          ...attributes,
        },
      },
      ROOT_CONTEXT,
    );
    const context = trace.setSpan(ROOT_CONTEXT, whole);
    const forecast = tracer.startSpan("forecast", { startTime: began }, context);
    if (forecastAt === undefined) fail(forecast, error);
    forecast.end(forecastAt ?? ended);
    if (committingAt !== undefined) {
      const commit = tracer.startSpan("commit", { startTime: committingAt }, context);
      fail(commit, error);
      commit.end(ended);
    }
    fail(whole, error);
    whole.end(ended);
  };
  return { begin: (topic, partition) => new FollowedBatch(topic, partition, end) };
}
