/** Declares the settings of a forecaster. Made from the schema by `npm run generate`. */

import {
  areDistinct,
  isConfirmable,
  isDaily,
  isForward,
  isGraceBounded,
  isInstant,
  isLength,
  isPattern,
  isRange,
  isTimeZone,
} from "./schema/refinements.js";
import type { Shape } from "./schema/shape.js";

/** Complete settings of a forecaster. */
export interface ForecasterSettings {
  /**
   * Neural cell that encodes a key's past: recurrent (rnn, gru, lstm) or over the last `bpttSteps` events
   * (window, conv, attention). Default: "lstm".
   */
  readonly cell: "rnn" | "gru" | "lstm" | "window" | "conv" | "attention";
  /** Size of the hidden state, in units. Whole number from 4 to 256, a multiple of 4. Default: 32. */
  readonly hidden: number;
  /**
   * Read-outs of the hidden state. shared: one for all keys. compact and full add one per key; full uses more
   * memory. Default: "compact".
   */
  readonly readout: "shared" | "compact" | "full";
  /**
   * Loss that the mixture of experts minimises. absolute optimises MAE and stays close to persistence on every
   * key; squared optimises MSE. Default: "absolute".
   */
  readonly loss: "absolute" | "squared";
  /**
   * Seed of random initial weights, the only source of randomness. Whole number from 0 to 4294967295. Default:
   * 1.
   */
  readonly seed: number;
  /**
   * Initial weights of the cell. auto: pretrained for lstm and gru with 32 units, else random. random: drawn
   * from the seed. pretrained: trained on synthetic series, for lstm, gru and rnn with 32 units; other cells
   * are an error. The library has pretrained weights after usePretrainedWeights(); before, auto is random. A
   * model that was saved keeps its weights. Default: "auto".
   */
  readonly initial: "auto" | "random" | "pretrained";
  /**
   * Nominal coverage of each forecast interval. The first one sets yhat_lower and yhat_upper. List (1 to 8) of:
   * number above 0, below 1. Default: [0.9].
   */
  readonly intervalLevels: number[];
  /**
   * Expected share of ordinary observations with an anomaly score above 1 (false alarms). Number from 0.00001
   * to 0.05. Default: 0.001.
   */
  readonly alarmRate: number;
  /** Detection of anomalies, which rates how unusual each value is for its key, and joins alarms to incidents. */
  readonly detection: {
    /**
     * Whether values are scored. Without detection, anomaly_score is null and a key takes 838 bytes less.
     * Default: true.
     */
    readonly enabled: boolean;
    /**
     * Whether faults that recur alarm each time, until a key has about twice the alarms of alarmRate. By
     * default a key gets used to them. Default: false.
     */
    readonly recurring: boolean;
    /**
     * Direction of the alarms that count. above and below leave out alarms without a direction: flatlines and
     * changes of variance. Default: "both".
     */
    readonly direction: "both" | "above" | "below";
    /**
     * Deviation from the usual value that an alarm must reach. Where both are given, both must be reached.
     * Alarms without a direction have no deviation and count.
     */
    readonly minimumDeviation: {
      /**
       * Smallest deviation, in the unit of the values; {feature: 0} takes it from the first of the event's
       * exogenous features, or the last one that came. Default: 0.
       */
      readonly absolute:
        | number
        | {
            /** Whole number from 0 to 31. */
            readonly feature: number;
          };
      /** Smallest deviation, as a share of the expected value's size, in the same forms. Default: 0. */
      readonly share:
        | number
        | {
            /** Whole number from 0 to 31. */
            readonly feature: number;
          };
    };
    /**
     * Direction and deviation for some keys, in place of the two settings above. The first entry whose pattern
     * a key matches holds. List (0 to 100) of: {keys: text that is not empty, direction: both | above | below,
     * minimumDeviation: {absolute: number of at least 0, or {feature: whole number from 0 to 31}, share: number
     * of at least 0, or {feature: whole number from 0 to 31}}}. Default: [].
     */
    readonly overrides: {
      /** Regular expression of the keys, such as /temperature$. */
      readonly keys: string;
      /**
       * Direction of the alarms that count. above and below leave out alarms without a direction: flatlines and
       * changes of variance. Default: "both".
       */
      readonly direction: "both" | "above" | "below";
      /**
       * Deviation from the usual value that an alarm must reach. Where both are given, both must be reached.
       * Alarms without a direction have no deviation and count.
       */
      readonly minimumDeviation: {
        /**
         * Smallest deviation, in the unit of the values; {feature: 0} takes it from the first of the event's
         * exogenous features, or the last one that came. Default: 0.
         */
        readonly absolute:
          | number
          | {
              /** Whole number from 0 to 31. */
              readonly feature: number;
            };
        /** Smallest deviation, as a share of the expected value's size, in the same forms. Default: 0. */
        readonly share:
          | number
          | {
              /** Whole number from 0 to 31. */
              readonly feature: number;
            };
      };
    }[];
    /**
     * An incident is opened when `count` of the last `of` values are unusual, from an alarm on. By default each
     * alarm opens one.
     */
    readonly confirm: {
      /** Number of unusual values. Whole number from 1 to 16. Default: 1. */
      readonly count: number;
      /** Number of last values. Whole number from 1 to 16. Default: 1. */
      readonly of: number;
    };
    /**
     * Whether a key that came regularly and does not come any more is an incident, by the times of the other
     * keys' events. It takes 108 bytes per key. Default: false.
     */
    readonly silence: boolean;
    /**
     * Group of a key: a regular expression of keys whose first parentheses, or else the whole match, name the
     * group, such as ^([^/]+)/, or {path: site}, a path in the key's first event. Members that deviate together
     * are one incident of their group.
     */
    readonly group?:
      | string
      | {
          /** Path in the event, such as site or location.site; a list if a name contains a dot. */
          readonly path: string | string[];
        }
      | undefined;
    /**
     * Times in which incidents are muted and values that alarm teach nothing: {from, to} as ISO 8601 times, or
     * {days: [sat, sun], from: 22:00, to: 06:00} in the time zone of the model. List (0 to 100) of: {from:
     * text, to: text}, or {days: list of texts (at least 1), from: text, to: text}. Default: [].
     */
    readonly quiet: (
      | {
          /** Begin, an ISO 8601 time; UTC where it names no zone. */
          readonly from: string;
          /** End, which is no longer part of the window. */
          readonly to: string;
        }
      | {
          /**
           * Days of the week on which the window begins. List of texts (at least 1). Default:
           * ["sun","mon","tue","wed","thu","fri","sat"].
           */
          readonly days: ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[];
          /** Local time of day at which the window begins, such as 22:00. */
          readonly from: string;
          /** Local time of day at which it ends. A time before `from` is one of the next day. */
          readonly to: string;
        }
    )[];
  };
  /**
   * Range of possible values. Forecasts and intervals lie within it; values outside it are observed as they
   * are. Default: any number.
   */
  readonly bounds?:
    | {
        /** Smallest possible value; {feature: 0} takes each key's from the first of its exogenous features. */
        readonly min?:
          | number
          | {
              /** Whole number from 0 to 31. */
              readonly feature: number;
            }
          | undefined;
        /** Largest possible value, in the same forms. */
        readonly max?:
          | number
          | {
              /** Whole number from 0 to 31. */
              readonly feature: number;
            }
          | undefined;
      }
    | undefined;
  /**
   * Kind of the values. Forecasts and intervals of counts (whole numbers) and rates are never below 0; a level
   * can be any number. Default: "level".
   */
  readonly kind: "level" | "count" | "rate";
  /**
   * IANA time zone whose local time the forecaster takes for the time of day and the day of the week, such as
   * Europe/Berlin, daylight saving included. Default: "UTC".
   */
  readonly timeZone: string;
  /**
   * Length of a training window, in observations (truncated back-propagation through time). Also the number of
   * events that window, conv and attention see. Whole number from 2 to 128. Default: 16.
   */
  readonly bpttSteps: number;
  /**
   * Observations of a key between two training windows. Must divide bpttSteps. Whole number from 1 to 128.
   * Default: 8.
   */
  readonly stride: number;
  /**
   * Largest number of training windows per weight update, each of a different key. With few keys, an update
   * takes a quarter of the number of keys. Whole number from 1 to 256. Default: 16.
   */
  readonly bpttWindows: number;
  /**
   * Whether the cell learns. off keeps its weights as they are, for very many keys: an event takes about a
   * third less CPU time. budget: at most maxUpdatesPerSecond. What each key has of its own learns either way.
   * Default: "on".
   */
  readonly learning: "on" | "off" | "budget";
  /**
   * Largest number of weight updates per second of event time and partition, with `learning: budget`. Training
   * windows beyond it are left out. Number above 0, up to 1000000. Default: 1.
   */
  readonly maxUpdatesPerSecond: number;
  /** Learning rate of Adam after the initial boost has faded. Number above 0, up to 1. Default: 0.001. */
  readonly learningRate: number;
  /**
   * Factor on the learning rate at the first update. It decays to 1; see learningBoostUpdates. Number from 1 to
   * 100. Default: 3.
   */
  readonly learningBoost: number;
  /** Weight updates in which the boost's excess over 1 decays to 1/e. Number of at least 1. Default: 2000. */
  readonly learningBoostUpdates: number;
  /**
   * Largest global gradient norm. Larger gradients are scaled down to this norm. Number above 0, up to
   * 1000000000000000. Default: 1.
   */
  readonly maxGradientNorm: number;
  /**
   * Error at which the Huber training loss turns from squared to absolute, in units of the key's typical
   * change. Number above 0. Default: 0.5.
   */
  readonly huberDelta: number;
  /**
   * Number of sine and cosine pairs of the time of day among the cell's inputs. 0 turns them off. Whole number
   * from 0 to 24. Default: 6.
   */
  readonly harmonics: number;
  /**
   * Number of exogenous features per observation that help to forecast the next value. Whole number from 0 to
   * 32. Default: 0.
   */
  readonly featureCount: number;
  /**
   * Number of values ahead to forecast at each observation, each with its intervals. Whole number from 1 to 96.
   * Default: 1.
   */
  readonly horizon: number;
  /**
   * Largest number of keys in a state whose last values are kept to find and repeat their seasons, of any
   * period up to 2,016 values. The first keys whose values change get a place, of up to 17 KB; a key without a
   * season gives the place back. 0: seasons by the calendar alone. Whole number from 0 to 65536. Default: 256.
   */
  readonly seasonKeys: number;
  /**
   * Largest number of keys in a state (one state per partition). At the limit, a new key evicts the 1/64 of the
   * keys with the oldest last events. 0: no limit. Whole number of at least 0. Default: 0.
   */
  readonly maxKeys: number;
  /**
   * Windows of event time before the forecast: raw events become one observation per key and window. Default:
   * each event is an observation.
   */
  readonly aggregate?:
    | {
        /**
         * Length of a window, such as 10s, 1m, 1h or 1d. Windows begin at multiples of it since 1970, in UTC. The
         * observation's time is the end of its window.
         */
        readonly every: string;
        /**
         * What becomes of the events of a key in a window: their number, sum, mean, min, max or last value; rate:
         * increase of a counter per second, resets included; or a percentile from p1 to p99. Default: "count".
         */
        readonly by: string;
        /**
         * How long a window waits for events out of order: it closes when an event of the partition is this much
         * newer than its end. At most 60 windows long. Default: "0s".
         */
        readonly grace: string;
        /** Value of a window in which a known key has no event. Default: zero for count and sum, missing otherwise. */
        readonly empty?: "zero" | "missing" | undefined;
        /**
         * Largest number of empty windows in a row that a key has observations of. Later ones have none until the
         * key's next event. Whole number from 0 to 10000. Default: 60.
         */
        readonly maxEmpty: number;
        /**
         * How far an event time may be ahead of its record's timestamp. Events further ahead go to the dead
         * letters, because they would close every window before them. Without effect in backtest, pipe and the
         * operators, whose events have no second time. Default: "1h".
         */
        readonly maxAhead: string;
      }
    | undefined;
  /**
   * Event time without an event after which a key may be evicted, in milliseconds. The check runs each time the
   * number of keys has grown by 64 or by 1/16. 0: never. Number of at least 0. Default: 0.
   */
  readonly keyTtlMs: number;
}

/** Options of a forecaster. Omitted options have their default. */
export interface ForecasterOptions {
  /**
   * Neural cell that encodes a key's past: recurrent (rnn, gru, lstm) or over the last `bpttSteps` events
   * (window, conv, attention). Default: "lstm".
   */
  readonly cell?: "rnn" | "gru" | "lstm" | "window" | "conv" | "attention" | undefined;
  /** Size of the hidden state, in units. Whole number from 4 to 256, a multiple of 4. Default: 32. */
  readonly hidden?: number | undefined;
  /**
   * Read-outs of the hidden state. shared: one for all keys. compact and full add one per key; full uses more
   * memory. Default: "compact".
   */
  readonly readout?: "shared" | "compact" | "full" | undefined;
  /**
   * Loss that the mixture of experts minimises. absolute optimises MAE and stays close to persistence on every
   * key; squared optimises MSE. Default: "absolute".
   */
  readonly loss?: "absolute" | "squared" | undefined;
  /**
   * Seed of random initial weights, the only source of randomness. Whole number from 0 to 4294967295. Default:
   * 1.
   */
  readonly seed?: number | undefined;
  /**
   * Initial weights of the cell. auto: pretrained for lstm and gru with 32 units, else random. random: drawn
   * from the seed. pretrained: trained on synthetic series, for lstm, gru and rnn with 32 units; other cells
   * are an error. The library has pretrained weights after usePretrainedWeights(); before, auto is random. A
   * model that was saved keeps its weights. Default: "auto".
   */
  readonly initial?: "auto" | "random" | "pretrained" | undefined;
  /**
   * Nominal coverage of each forecast interval. The first one sets yhat_lower and yhat_upper. List (1 to 8) of:
   * number above 0, below 1. Default: [0.9].
   */
  readonly intervalLevels?: readonly number[] | undefined;
  /**
   * Expected share of ordinary observations with an anomaly score above 1 (false alarms). Number from 0.00001
   * to 0.05. Default: 0.001.
   */
  readonly alarmRate?: number | undefined;
  /** Detection of anomalies, which rates how unusual each value is for its key, and joins alarms to incidents. */
  readonly detection?:
    | {
        /**
         * Whether values are scored. Without detection, anomaly_score is null and a key takes 838 bytes less.
         * Default: true.
         */
        readonly enabled?: boolean | undefined;
        /**
         * Whether faults that recur alarm each time, until a key has about twice the alarms of alarmRate. By
         * default a key gets used to them. Default: false.
         */
        readonly recurring?: boolean | undefined;
        /**
         * Direction of the alarms that count. above and below leave out alarms without a direction: flatlines and
         * changes of variance. Default: "both".
         */
        readonly direction?: "both" | "above" | "below" | undefined;
        /**
         * Deviation from the usual value that an alarm must reach. Where both are given, both must be reached.
         * Alarms without a direction have no deviation and count.
         */
        readonly minimumDeviation?:
          | {
              /**
               * Smallest deviation, in the unit of the values; {feature: 0} takes it from the first of the event's
               * exogenous features, or the last one that came. Default: 0.
               */
              readonly absolute?:
                | number
                | {
                    /** Whole number from 0 to 31. */
                    readonly feature: number;
                  }
                | undefined;
              /** Smallest deviation, as a share of the expected value's size, in the same forms. Default: 0. */
              readonly share?:
                | number
                | {
                    /** Whole number from 0 to 31. */
                    readonly feature: number;
                  }
                | undefined;
            }
          | undefined;
        /**
         * Direction and deviation for some keys, in place of the two settings above. The first entry whose pattern
         * a key matches holds. List (0 to 100) of: {keys: text that is not empty, direction: both | above | below,
         * minimumDeviation: {absolute: number of at least 0, or {feature: whole number from 0 to 31}, share: number
         * of at least 0, or {feature: whole number from 0 to 31}}}. Default: [].
         */
        readonly overrides?:
          | readonly {
              /** Regular expression of the keys, such as /temperature$. */
              readonly keys: string;
              /**
               * Direction of the alarms that count. above and below leave out alarms without a direction: flatlines and
               * changes of variance. Default: "both".
               */
              readonly direction?: "both" | "above" | "below" | undefined;
              /**
               * Deviation from the usual value that an alarm must reach. Where both are given, both must be reached.
               * Alarms without a direction have no deviation and count.
               */
              readonly minimumDeviation?:
                | {
                    /**
                     * Smallest deviation, in the unit of the values; {feature: 0} takes it from the first of the event's
                     * exogenous features, or the last one that came. Default: 0.
                     */
                    readonly absolute?:
                      | number
                      | {
                          /** Whole number from 0 to 31. */
                          readonly feature: number;
                        }
                      | undefined;
                    /** Smallest deviation, as a share of the expected value's size, in the same forms. Default: 0. */
                    readonly share?:
                      | number
                      | {
                          /** Whole number from 0 to 31. */
                          readonly feature: number;
                        }
                      | undefined;
                  }
                | undefined;
            }[]
          | undefined;
        /**
         * An incident is opened when `count` of the last `of` values are unusual, from an alarm on. By default each
         * alarm opens one.
         */
        readonly confirm?:
          | {
              /** Number of unusual values. Whole number from 1 to 16. Default: 1. */
              readonly count?: number | undefined;
              /** Number of last values. Whole number from 1 to 16. Default: 1. */
              readonly of?: number | undefined;
            }
          | undefined;
        /**
         * Whether a key that came regularly and does not come any more is an incident, by the times of the other
         * keys' events. It takes 108 bytes per key. Default: false.
         */
        readonly silence?: boolean | undefined;
        /**
         * Group of a key: a regular expression of keys whose first parentheses, or else the whole match, name the
         * group, such as ^([^/]+)/, or {path: site}, a path in the key's first event. Members that deviate together
         * are one incident of their group.
         */
        readonly group?:
          | string
          | {
              /** Path in the event, such as site or location.site; a list if a name contains a dot. */
              readonly path: string | readonly string[];
            }
          | undefined;
        /**
         * Times in which incidents are muted and values that alarm teach nothing: {from, to} as ISO 8601 times, or
         * {days: [sat, sun], from: 22:00, to: 06:00} in the time zone of the model. List (0 to 100) of: {from:
         * text, to: text}, or {days: list of texts (at least 1), from: text, to: text}. Default: [].
         */
        readonly quiet?:
          | readonly (
              | {
                  /** Begin, an ISO 8601 time; UTC where it names no zone. */
                  readonly from: string;
                  /** End, which is no longer part of the window. */
                  readonly to: string;
                }
              | {
                  /**
                   * Days of the week on which the window begins. List of texts (at least 1). Default:
                   * ["sun","mon","tue","wed","thu","fri","sat"].
                   */
                  readonly days?:
                    readonly ("sun" | "mon" | "tue" | "wed" | "thu" | "fri" | "sat")[] | undefined;
                  /** Local time of day at which the window begins, such as 22:00. */
                  readonly from: string;
                  /** Local time of day at which it ends. A time before `from` is one of the next day. */
                  readonly to: string;
                }
            )[]
          | undefined;
      }
    | undefined;
  /**
   * Range of possible values. Forecasts and intervals lie within it; values outside it are observed as they
   * are. Default: any number.
   */
  readonly bounds?:
    | {
        /** Smallest possible value; {feature: 0} takes each key's from the first of its exogenous features. */
        readonly min?:
          | number
          | {
              /** Whole number from 0 to 31. */
              readonly feature: number;
            }
          | undefined;
        /** Largest possible value, in the same forms. */
        readonly max?:
          | number
          | {
              /** Whole number from 0 to 31. */
              readonly feature: number;
            }
          | undefined;
      }
    | undefined;
  /**
   * Kind of the values. Forecasts and intervals of counts (whole numbers) and rates are never below 0; a level
   * can be any number. Default: "level".
   */
  readonly kind?: "level" | "count" | "rate" | undefined;
  /**
   * IANA time zone whose local time the forecaster takes for the time of day and the day of the week, such as
   * Europe/Berlin, daylight saving included. Default: "UTC".
   */
  readonly timeZone?: string | undefined;
  /**
   * Length of a training window, in observations (truncated back-propagation through time). Also the number of
   * events that window, conv and attention see. Whole number from 2 to 128. Default: 16.
   */
  readonly bpttSteps?: number | undefined;
  /**
   * Observations of a key between two training windows. Must divide bpttSteps. Whole number from 1 to 128.
   * Default: 8.
   */
  readonly stride?: number | undefined;
  /**
   * Largest number of training windows per weight update, each of a different key. With few keys, an update
   * takes a quarter of the number of keys. Whole number from 1 to 256. Default: 16.
   */
  readonly bpttWindows?: number | undefined;
  /**
   * Whether the cell learns. off keeps its weights as they are, for very many keys: an event takes about a
   * third less CPU time. budget: at most maxUpdatesPerSecond. What each key has of its own learns either way.
   * Default: "on".
   */
  readonly learning?: "on" | "off" | "budget" | undefined;
  /**
   * Largest number of weight updates per second of event time and partition, with `learning: budget`. Training
   * windows beyond it are left out. Number above 0, up to 1000000. Default: 1.
   */
  readonly maxUpdatesPerSecond?: number | undefined;
  /** Learning rate of Adam after the initial boost has faded. Number above 0, up to 1. Default: 0.001. */
  readonly learningRate?: number | undefined;
  /**
   * Factor on the learning rate at the first update. It decays to 1; see learningBoostUpdates. Number from 1 to
   * 100. Default: 3.
   */
  readonly learningBoost?: number | undefined;
  /** Weight updates in which the boost's excess over 1 decays to 1/e. Number of at least 1. Default: 2000. */
  readonly learningBoostUpdates?: number | undefined;
  /**
   * Largest global gradient norm. Larger gradients are scaled down to this norm. Number above 0, up to
   * 1000000000000000. Default: 1.
   */
  readonly maxGradientNorm?: number | undefined;
  /**
   * Error at which the Huber training loss turns from squared to absolute, in units of the key's typical
   * change. Number above 0. Default: 0.5.
   */
  readonly huberDelta?: number | undefined;
  /**
   * Number of sine and cosine pairs of the time of day among the cell's inputs. 0 turns them off. Whole number
   * from 0 to 24. Default: 6.
   */
  readonly harmonics?: number | undefined;
  /**
   * Number of exogenous features per observation that help to forecast the next value. Whole number from 0 to
   * 32. Default: 0.
   */
  readonly featureCount?: number | undefined;
  /**
   * Number of values ahead to forecast at each observation, each with its intervals. Whole number from 1 to 96.
   * Default: 1.
   */
  readonly horizon?: number | undefined;
  /**
   * Largest number of keys in a state whose last values are kept to find and repeat their seasons, of any
   * period up to 2,016 values. The first keys whose values change get a place, of up to 17 KB; a key without a
   * season gives the place back. 0: seasons by the calendar alone. Whole number from 0 to 65536. Default: 256.
   */
  readonly seasonKeys?: number | undefined;
  /**
   * Largest number of keys in a state (one state per partition). At the limit, a new key evicts the 1/64 of the
   * keys with the oldest last events. 0: no limit. Whole number of at least 0. Default: 0.
   */
  readonly maxKeys?: number | undefined;
  /**
   * Windows of event time before the forecast: raw events become one observation per key and window. Default:
   * each event is an observation.
   */
  readonly aggregate?:
    | {
        /**
         * Length of a window, such as 10s, 1m, 1h or 1d. Windows begin at multiples of it since 1970, in UTC. The
         * observation's time is the end of its window.
         */
        readonly every: string;
        /**
         * What becomes of the events of a key in a window: their number, sum, mean, min, max or last value; rate:
         * increase of a counter per second, resets included; or a percentile from p1 to p99. Default: "count".
         */
        readonly by?: string | undefined;
        /**
         * How long a window waits for events out of order: it closes when an event of the partition is this much
         * newer than its end. At most 60 windows long. Default: "0s".
         */
        readonly grace?: string | undefined;
        /** Value of a window in which a known key has no event. Default: zero for count and sum, missing otherwise. */
        readonly empty?: "zero" | "missing" | undefined;
        /**
         * Largest number of empty windows in a row that a key has observations of. Later ones have none until the
         * key's next event. Whole number from 0 to 10000. Default: 60.
         */
        readonly maxEmpty?: number | undefined;
        /**
         * How far an event time may be ahead of its record's timestamp. Events further ahead go to the dead
         * letters, because they would close every window before them. Without effect in backtest, pipe and the
         * operators, whose events have no second time. Default: "1h".
         */
        readonly maxAhead?: string | undefined;
      }
    | undefined;
  /**
   * Event time without an event after which a key may be evicted, in milliseconds. The check runs each time the
   * number of keys has grown by 64 or by 1/16. 0: never. Number of at least 0. Default: 0.
   */
  readonly keyTtlMs?: number | undefined;
}

/** What each setting takes, in words. */
export const forecasterRanges: Readonly<Record<string, string>> = {
  cell: "rnn | gru | lstm | window | conv | attention",
  hidden: "whole number from 4 to 256, a multiple of 4",
  readout: "shared | compact | full",
  loss: "absolute | squared",
  seed: "whole number from 0 to 4294967295",
  initial: "auto | random | pretrained",
  intervalLevels: "list (1 to 8) of: number above 0, below 1",
  alarmRate: "number from 0.00001 to 0.05",
  "detection.enabled": "true | false",
  "detection.recurring": "true | false",
  "detection.direction": "both | above | below",
  "detection.minimumDeviation.absolute": "number of at least 0, or {feature: whole number from 0 to 31}",
  "detection.minimumDeviation.share": "number of at least 0, or {feature: whole number from 0 to 31}",
  "detection.overrides":
    "list (0 to 100) of: {keys: text that is not empty, direction: both | above | below, minimumDeviation: {absolute: number of at least 0, or {feature: whole number from 0 to 31}, share: number of at least 0, or {feature: whole number from 0 to 31}}}",
  "detection.confirm.count": "whole number from 1 to 16",
  "detection.confirm.of": "whole number from 1 to 16",
  "detection.silence": "true | false",
  "detection.group": "text that is not empty, or {path: text that is not empty, or list of texts (1 to 20)}",
  "detection.quiet":
    "list (0 to 100) of: {from: text, to: text}, or {days: list of texts (at least 1), from: text, to: text}",
  "bounds.min": "number from -1e+30 to 1e+30, or {feature: whole number from 0 to 31}",
  "bounds.max": "number from -1e+30 to 1e+30, or {feature: whole number from 0 to 31}",
  kind: "level | count | rate",
  timeZone: "text",
  bpttSteps: "whole number from 2 to 128",
  stride: "whole number from 1 to 128",
  bpttWindows: "whole number from 1 to 256",
  learning: "on | off | budget",
  maxUpdatesPerSecond: "number above 0, up to 1000000",
  learningRate: "number above 0, up to 1",
  learningBoost: "number from 1 to 100",
  learningBoostUpdates: "number of at least 1",
  maxGradientNorm: "number above 0, up to 1000000000000000",
  huberDelta: "number above 0",
  harmonics: "whole number from 0 to 24",
  featureCount: "whole number from 0 to 32",
  horizon: "whole number from 1 to 96",
  seasonKeys: "whole number from 0 to 65536",
  maxKeys: "whole number of at least 0",
  "aggregate.every": "duration such as 10s, 1m or 1h",
  "aggregate.by": "count | sum | mean | min | max | last | rate | p1 … p99",
  "aggregate.grace": "duration such as 10s, 1m or 1h",
  "aggregate.empty": "zero | missing",
  "aggregate.maxEmpty": "whole number from 0 to 10000",
  "aggregate.maxAhead": "duration such as 10s, 1m or 1h",
  keyTtlMs: "number of at least 0",
};

/** What the settings are checked by. */
export const forecasterShape: Shape = {
  type: "object",
  members: {
    cell: { type: "choice", values: ["rnn", "gru", "lstm", "window", "conv", "attention"], default: "lstm" },
    hidden: { type: "number", isWhole: true, min: 4, max: 256, multipleOf: 4, default: 32 },
    readout: { type: "choice", values: ["shared", "compact", "full"], default: "compact" },
    loss: { type: "choice", values: ["absolute", "squared"], default: "absolute" },
    seed: { type: "number", isWhole: true, min: 0, max: 4294967295, default: 1 },
    initial: { type: "choice", values: ["auto", "random", "pretrained"], default: "auto" },
    intervalLevels: {
      type: "list",
      items: { type: "number", above: 0, below: 1 },
      min: 1,
      max: 8,
      refinements: [[areDistinct, "every level may be given once"]],
      default: [0.9],
    },
    alarmRate: { type: "number", min: 0.00001, max: 0.05, default: 0.001 },
    detection: {
      type: "object",
      members: {
        enabled: { type: "boolean", default: true },
        recurring: { type: "boolean", default: false },
        direction: { type: "choice", values: ["both", "above", "below"], default: "both" },
        minimumDeviation: {
          type: "object",
          members: {
            absolute: {
              type: "union",
              forms: [
                { type: "number", min: 0 },
                { type: "object", members: { feature: { type: "number", isWhole: true, min: 0, max: 31 } } },
              ],
              default: 0,
            },
            share: {
              type: "union",
              forms: [
                { type: "number", min: 0 },
                { type: "object", members: { feature: { type: "number", isWhole: true, min: 0, max: 31 } } },
              ],
              default: 0,
            },
          },
          prefault: {},
        },
        overrides: {
          type: "list",
          items: {
            type: "object",
            members: {
              keys: {
                type: "text",
                min: 1,
                max: 200,
                refinements: [[isPattern, "expected a regular expression"]],
              },
              direction: { type: "choice", values: ["both", "above", "below"], default: "both" },
              minimumDeviation: {
                type: "object",
                members: {
                  absolute: {
                    type: "union",
                    forms: [
                      { type: "number", min: 0 },
                      {
                        type: "object",
                        members: { feature: { type: "number", isWhole: true, min: 0, max: 31 } },
                      },
                    ],
                    default: 0,
                  },
                  share: {
                    type: "union",
                    forms: [
                      { type: "number", min: 0 },
                      {
                        type: "object",
                        members: { feature: { type: "number", isWhole: true, min: 0, max: 31 } },
                      },
                    ],
                    default: 0,
                  },
                },
                prefault: {},
              },
            },
          },
          max: 100,
          default: [],
        },
        confirm: {
          type: "object",
          members: {
            count: { type: "number", isWhole: true, min: 1, max: 16, default: 1 },
            of: { type: "number", isWhole: true, min: 1, max: 16, default: 1 },
          },
          refinements: [[isConfirmable, "expected count to be at most of"]],
          prefault: {},
        },
        silence: { type: "boolean", default: false },
        group: {
          type: "union",
          forms: [
            { type: "text", min: 1, max: 200, refinements: [[isPattern, "expected a regular expression"]] },
            {
              type: "object",
              members: {
                path: {
                  type: "union",
                  forms: [
                    { type: "text", min: 1, max: 200 },
                    { type: "list", items: { type: "text", min: 1 }, min: 1, max: 20 },
                  ],
                },
              },
            },
          ],
          isOptional: true,
        },
        quiet: {
          type: "list",
          items: {
            type: "union",
            forms: [
              {
                type: "object",
                members: {
                  from: {
                    type: "text",
                    refinements: [[isInstant, "expected an ISO 8601 time, such as 2026-05-01T22:00Z"]],
                  },
                  to: {
                    type: "text",
                    refinements: [[isInstant, "expected an ISO 8601 time, such as 2026-05-01T22:00Z"]],
                  },
                },
                refinements: [[isForward, "expected from before to"]],
              },
              {
                type: "object",
                members: {
                  days: {
                    type: "list",
                    items: { type: "choice", values: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
                    min: 1,
                    default: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
                  },
                  from: {
                    type: "text",
                    pattern: /^(?:[01]\d|2[0-3]):[0-5]\d$/,
                    patternText: "expected a time of day from 00:00 to 23:59",
                  },
                  to: {
                    type: "text",
                    pattern: /^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/,
                    patternText: "expected a time of day from 00:00 to 24:00",
                  },
                },
                refinements: [[isDaily, "expected from and to to differ"]],
              },
            ],
          },
          max: 100,
          default: [],
        },
      },
      prefault: {},
    },
    bounds: {
      type: "object",
      members: {
        min: {
          type: "union",
          forms: [
            { type: "number", min: -1e30, max: 1e30 },
            { type: "object", members: { feature: { type: "number", isWhole: true, min: 0, max: 31 } } },
          ],
          isOptional: true,
        },
        max: {
          type: "union",
          forms: [
            { type: "number", min: -1e30, max: 1e30 },
            { type: "object", members: { feature: { type: "number", isWhole: true, min: 0, max: 31 } } },
          ],
          isOptional: true,
        },
      },
      refinements: [[isRange, "expected min below max"]],
      isOptional: true,
    },
    kind: { type: "choice", values: ["level", "count", "rate"], default: "level" },
    timeZone: { type: "text", refinements: [[isTimeZone, "this is no IANA time zone"]], default: "UTC" },
    bpttSteps: { type: "number", isWhole: true, min: 2, max: 128, default: 16 },
    stride: { type: "number", isWhole: true, min: 1, max: 128, default: 8 },
    bpttWindows: { type: "number", isWhole: true, min: 1, max: 256, default: 16 },
    learning: { type: "choice", values: ["on", "off", "budget"], default: "on" },
    maxUpdatesPerSecond: { type: "number", above: 0, max: 1000000, default: 1 },
    learningRate: { type: "number", above: 0, max: 1, default: 0.001 },
    learningBoost: { type: "number", min: 1, max: 100, default: 3 },
    learningBoostUpdates: { type: "number", min: 1, default: 2000 },
    maxGradientNorm: { type: "number", above: 0, max: 1000000000000000, default: 1 },
    huberDelta: { type: "number", above: 0, default: 0.5 },
    harmonics: { type: "number", isWhole: true, min: 0, max: 24, default: 6 },
    featureCount: { type: "number", isWhole: true, min: 0, max: 32, default: 0 },
    horizon: { type: "number", isWhole: true, min: 1, max: 96, default: 1 },
    seasonKeys: { type: "number", isWhole: true, min: 0, max: 65536, default: 256 },
    maxKeys: { type: "number", isWhole: true, min: 0, default: 0 },
    aggregate: {
      type: "object",
      members: {
        every: {
          type: "text",
          pattern: /^\d{1,9}(?:ms|s|m|h|d)$/,
          patternText: "expected a duration such as 10s, 1m or 1h",
          refinements: [[isLength, "expected a duration above 0"]],
        },
        by: {
          type: "text",
          pattern: /^(?:count|sum|mean|min|max|last|rate|p[1-9]\d?(?:\.\d{1,3})?)$/,
          patternText: "expected count, sum, mean, min, max, last, rate, or a percentile such as p99",
          default: "count",
        },
        grace: {
          type: "text",
          pattern: /^\d{1,9}(?:ms|s|m|h|d)$/,
          patternText: "expected a duration such as 10s, 1m or 1h",
          default: "0s",
        },
        empty: { type: "choice", values: ["zero", "missing"], isOptional: true },
        maxEmpty: { type: "number", isWhole: true, min: 0, max: 10000, default: 60 },
        maxAhead: {
          type: "text",
          pattern: /^\d{1,9}(?:ms|s|m|h|d)$/,
          patternText: "expected a duration such as 10s, 1m or 1h",
          default: "1h",
        },
      },
      refinements: [[isGraceBounded, "grace: expected at most 60 windows"]],
      isOptional: true,
    },
    keyTtlMs: { type: "number", min: 0, default: 0 },
  },
};
