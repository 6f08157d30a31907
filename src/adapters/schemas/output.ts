/** Registers the schema of forecast and incident records. */
import { setTimeout as sleep } from "node:timers/promises";
import { UndercurrentError } from "../../errors/errors.js";
import { forecasterSettings, type ForecasterOptions } from "../../forecast/settings.js";
import { incidentSchema } from "../../pipeline/encode/incidents/fields.js";
import { incidentEncoding } from "../../pipeline/encode-settings.js";
import { outputSchema } from "../../pipeline/encode/output-schema.js";
import { pipelineSettings, type PipelineOptions } from "../../pipeline/settings.js";
import { SchemaRegistry, type RegistryOptions } from "./registry.js";

/** What is written, and where its schema goes. */
export interface OutputOptions {
  readonly registry: RegistryOptions;
  /** Subject of the schema, such as forecasts-value. */
  readonly subject: string;
  readonly encode: PipelineOptions["encode"];
  /** Which records: those of forecasts, or those of incidents in the format of `encode.incidents`. Default: forecasts. */
  readonly records?: "forecasts" | "incidents";
  /** Settings of the forecaster: intervals of several levels and further steps are fields. */
  readonly forecaster?: Pick<ForecasterOptions, "horizon" | "intervalLevels">;
  /** Asks for the id only. Default: false. */
  readonly isRegistered?: boolean;
  /** Takes a line while the registry is away. */
  readonly report?: ((line: string) => void) | undefined;
  /** Ends the wait for a registry that is away. Default: the first failure is the error. */
  readonly stop?: AbortSignal | undefined;
}

const [firstDelayMs, longestDelayMs] = [1000, 30_000];

/**
 * Registers the schema of forecast or incident records with the format avro, protobuf or json-schema, and returns its id.
 *
 * @throws REGISTRY_REFUSED, also if the registry finds the schema incompatible with earlier ones of the subject, or does not
 * have it (`isRegistered`). REGISTRY_UNREACHABLE without `stop`. SETTING_INVALID.
 *
 * @example
 * ```ts
 * const encode = { format: "avro", fields: ["key", "time", "yhat"] } as const;
 * const schemaId = await registerOutput({ registry, subject: "forecasts-value", encode });
 * run(source, committer, { encode: { ...encode, schemaId } }).subscribe();
 * ```
 */
export async function registerOutput(options: OutputOptions): Promise<number> {
  const {
    registry,
    subject,
    records = "forecasts",
    isRegistered = false,
    report = () => undefined,
    stop,
  } = options;
  const { encode } = pipelineSettings({ encode: options.encode });
  const { horizon, intervalLevels } = forecasterSettings(options.forecaster);
  const schema =
    records === "incidents"
      ? incidentSchema(incidentEncoding(encode).format)
      : outputSchema(encode, { hasIntervals: intervalLevels.length > 1, hasHorizon: horizon > 1 });
  const client = new SchemaRegistry(registry);
  for (let delay = firstDelayMs; ; delay = Math.min(2 * delay, longestDelayMs)) {
    try {
      if (!isRegistered) return await client.register(subject, schema);
      const id = await client.find(subject, schema);
      if (id !== undefined) return id;
      throw new UndercurrentError(
        "REGISTRY_REFUSED",
        `the schema registry does not have the schema of the ${records} under ${subject}: a start registers it`,
      );
    } catch (error) {
      const isAway = error instanceof UndercurrentError && error.code === "REGISTRY_UNREACHABLE";
      if (!isAway || stop === undefined || stop.aborted) throw error;
      report(`${error.message}; the start waits, next attempt in ${delay / 1000} s`);
      await sleep(delay, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}
