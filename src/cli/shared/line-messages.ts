/** Forecasts as lines of JSON with the fields of a configuration. */
import type { Config } from "../../config/schema.js";
import { UndercurrentError } from "../../errors/errors.js";
import type { Forecaster } from "../../forecast/forecaster.js";
import { incidentId } from "../../forecast/incidents/update.js";
import { namedFields, type EncodeSettings, type OutputField } from "../../pipeline/encode-settings.js";
import { isUsual } from "../../pipeline/encode/encode.js";
import { FieldMessages } from "../../pipeline/encode/field-messages.js";
import { ForecastMessages, type MessageWriter } from "../../pipeline/encode/message.js";

/** Fields that only a record of a topic has. */
const ofTopics: ReadonlySet<OutputField> = new Set(["topic", "partition", "offset"]);

/** What a configuration says of the output. */
export interface LineSettings {
  readonly encode?: Config["encode"] | undefined;
  readonly applicationId?: string | undefined;
}

/**
 * Returns the writer of a forecaster's lines. Fields that lines do not have are left out, and a format that is no text becomes JSON;
 * `tell` is told. Throws SETTING_INVALID where no field is left.
 */
export function lineMessages(
  forecaster: Forecaster,
  { encode, applicationId: application = "undercurrent" }: LineSettings,
  tell: (notice: string) => void,
): MessageWriter {
  const modelName = (version: number): string => forecaster.modelName(version);
  const incidentIdOf = (position: number, slot: number): string =>
    incidentId(forecaster.keyOf(slot), position);
  const settings = encode && ofLines(encode, tell);
  if (settings === undefined || isUsual(settings)) return new ForecastMessages(modelName, incidentIdOf);
  const { horizon, intervalLevels } = forecaster.settings;
  return new FieldMessages(settings, {
    ...{ application, modelName, incidentIdOf, horizon, levels: intervalLevels.length },
    origin: { topic: "", partition: 0 },
  });
}

function ofLines(encode: EncodeSettings, tell: (notice: string) => void): EncodeSettings {
  const isText = encode.format === "json" || encode.format === "connect-json";
  if (!isText) tell(`pipe writes lines of JSON: encode.format: ${encode.format} is for run`);
  const lacking = namedFields(encode).filter(({ field }) => ofTopics.has(field));
  const fields = encode.fields.filter((each) => !ofTopics.has(typeof each === "string" ? each : each.field));
  if (lacking.length > 0) {
    const names = lacking.map(({ field }) => field).join(", ");
    if (fields.length === 0) {
      throw new UndercurrentError("SETTING_INVALID", `encode.fields: only records of topics have ${names}`);
    }
    tell(`pipe leaves out ${names} of encode.fields: only records of topics have them`);
  }
  return { ...encode, format: isText ? encode.format : "json", fields };
}
