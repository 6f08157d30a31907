/** Declares every setting of the forecaster: name, meaning, range and default. */
import { z } from "zod";
import { cellKinds } from "../../engine/port.js";
import { incidentSchema } from "../incidents/schema.js";
import { areDistinct, isRange, isTimeZone } from "./refinements.js";
import {
  initialKinds,
  learningKinds,
  lossKinds,
  maxFeatures,
  maxHorizon,
  readoutKinds,
  valueKinds,
} from "../settings.js";
import { aggregateSchema } from "../windows/schema.js";

/** A larger gradient norm can overflow the 32-bit moments of Adam; the engines refuse it. */
const maxClip = 1e15;

/** Largest bound of the values, which is their own largest size. */
const maxBound = 1e30;

/** A bound of the values: a number, or the place of the exogenous feature that holds the key's bound. */
const boundSchema = z.union([
  z.number().min(-maxBound).max(maxBound),
  z.strictObject({
    feature: z
      .int()
      .min(0)
      .max(maxFeatures - 1),
  }),
]);

/** Schema of the forecaster's settings. A snapshot restores only into a forecaster with the same settings. */
export const forecasterSchema = z.strictObject({
  cell: z
    .enum(cellKinds)
    .default("lstm")
    .describe(
      "Neural cell that encodes a key's past: recurrent (rnn, gru, lstm) or over the last `bpttSteps` events (window, conv, attention).",
    ),
  hidden: z.int().min(4).max(256).multipleOf(4).default(32).describe("Size of the hidden state, in units."),
  readout: z
    .enum(readoutKinds)
    .default("compact")
    .describe(
      "Read-outs of the hidden state. shared: one for all keys. compact and full add one per key; full uses more memory.",
    ),
  loss: z
    .enum(lossKinds)
    .default("absolute")
    .describe(
      "Loss that the mixture of experts minimises. absolute optimises MAE and stays close to persistence on every key; squared optimises MSE.",
    ),
  seed: z
    .int()
    .min(0)
    .max(4294967295)
    .default(1)
    .describe("Seed of random initial weights, the only source of randomness."),
  initial: z
    .enum(initialKinds)
    .default("auto")
    .describe(
      "Initial weights of the cell. auto: pretrained for lstm and gru with 32 units, else random. random: drawn from the seed. pretrained: trained on synthetic series, for lstm, gru and rnn with 32 units; other cells are an error. The library has pretrained weights after usePretrainedWeights(); before, auto is random. A model that was saved keeps its weights.",
    ),
  intervalLevels: z
    .array(z.number().gt(0).lt(1))
    .min(1)
    .max(8)
    .refine(areDistinct, "every level may be given once")
    .meta({ uniqueItems: true })
    .default([0.9])
    .describe("Nominal coverage of each forecast interval. The first one sets yhat_lower and yhat_upper."),
  alarmRate: z
    .number()
    .min(0.00001)
    .max(0.05)
    .default(0.001)
    .describe("Expected share of ordinary observations with an anomaly score above 1 (false alarms)."),
  detection: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe(
          "Whether values are scored. Without detection, anomaly_score is null and a key takes 838 bytes less.",
        ),
      recurring: z
        .boolean()
        .default(false)
        .describe(
          "Whether faults that recur alarm each time, until a key has about twice the alarms of alarmRate. By default a key gets used to them.",
        ),
      ...incidentSchema.shape,
    })
    .prefault({})
    .describe(
      "Detection of anomalies, which rates how unusual each value is for its key, and joins alarms to incidents.",
    ),
  bounds: z
    .strictObject({
      min: boundSchema
        .optional()
        .describe(
          "Smallest possible value; {feature: 0} takes each key's from the first of its exogenous features.",
        ),
      max: boundSchema.optional().describe("Largest possible value, in the same forms."),
    })
    .refine(isRange, "expected min below max")
    .optional()
    .describe(
      "Range of possible values. Forecasts and intervals lie within it; values outside it are observed as they are. Default: any number.",
    ),
  kind: z
    .enum(valueKinds)
    .default("level")
    .describe(
      "Kind of the values. Forecasts and intervals of counts (whole numbers) and rates are never below 0; a level can be any number.",
    ),
  timeZone: z
    .string()
    .refine(isTimeZone, "this is no IANA time zone")
    .default("UTC")
    .describe(
      "IANA time zone whose local time the forecaster takes for the time of day and the day of the week, such as Europe/Berlin, daylight saving included.",
    ),
  bpttSteps: z
    .int()
    .min(2)
    .max(128)
    .default(16)
    .describe(
      "Length of a training window, in observations (truncated back-propagation through time). Also the number of events that window, conv and attention see.",
    ),
  stride: z
    .int()
    .min(1)
    .max(128)
    .default(8)
    .describe("Observations of a key between two training windows. Must divide bpttSteps."),
  bpttWindows: z
    .int()
    .min(1)
    .max(256)
    .default(16)
    .describe(
      "Largest number of training windows per weight update, each of a different key. With few keys, an update takes a quarter of the number of keys.",
    ),
  learning: z
    .enum(learningKinds)
    .default("on")
    .describe(
      "Whether the cell learns. off keeps its weights as they are, for very many keys: an event takes about a third less CPU time. budget: at most maxUpdatesPerSecond. What each key has of its own learns either way.",
    ),
  maxUpdatesPerSecond: z
    .number()
    .gt(0)
    .max(1_000_000)
    .default(1)
    .describe(
      "Largest number of weight updates per second of event time and partition, with `learning: budget`. Training windows beyond it are left out.",
    ),
  learningRate: z
    .number()
    .gt(0)
    .max(1)
    .default(0.001)
    .describe("Learning rate of Adam after the initial boost has faded."),
  learningBoost: z
    .number()
    .min(1)
    .max(100)
    .default(3)
    .describe("Factor on the learning rate at the first update. It decays to 1; see learningBoostUpdates."),
  learningBoostUpdates: z
    .number()
    .min(1)
    .default(2000)
    .describe("Weight updates in which the boost's excess over 1 decays to 1/e."),
  maxGradientNorm: z
    .number()
    .gt(0)
    .max(maxClip)
    .default(1)
    .describe("Largest global gradient norm. Larger gradients are scaled down to this norm."),
  huberDelta: z
    .number()
    .gt(0)
    .default(0.5)
    .describe(
      "Error at which the Huber training loss turns from squared to absolute, in units of the key's typical change.",
    ),
  harmonics: z
    .int()
    .min(0)
    .max(24)
    .default(6)
    .describe(
      "Number of sine and cosine pairs of the time of day among the cell's inputs. 0 turns them off.",
    ),
  featureCount: z
    .int()
    .min(0)
    .max(maxFeatures)
    .default(0)
    .describe("Number of exogenous features per observation that help to forecast the next value."),
  horizon: z
    .int()
    .min(1)
    .max(maxHorizon)
    .default(1)
    .describe("Number of values ahead to forecast at each observation, each with its intervals."),
  seasonKeys: z
    .int()
    .min(0)
    .max(65536)
    .default(256)
    .describe(
      "Largest number of keys in a state whose last values are kept to find and repeat their seasons, of any period up to 2,016 values. The first keys whose values change get a place, of up to 17 KB; a key without a season gives the place back. 0: seasons by the calendar alone.",
    ),
  maxKeys: z
    .int()
    .min(0)
    .default(0)
    .describe(
      "Largest number of keys in a state (one state per partition). At the limit, a new key evicts the 1/64 of the keys with the oldest last events. 0: no limit.",
    ),
  aggregate: aggregateSchema
    .optional()
    .describe(
      "Windows of event time before the forecast: raw events become one observation per key and window. Default: each event is an observation.",
    ),
  keyTtlMs: z
    .number()
    .min(0)
    .default(0)
    .describe(
      "Event time without an event after which a key may be evicted, in milliseconds. The check runs each time the number of keys has grown by 64 or by 1/16. 0: never.",
    ),
});
