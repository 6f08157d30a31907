/** Declares the settings of a pipeline. Made from the schema by `npm run generate`. */

/** Options of a pipeline. Omitted options have their default. */
export interface PipelineOptions {
  /**
   * Name of the application in the output: the field application, and the source of CloudEvents. Default:
   * "undercurrent".
   */
  readonly application?: string | undefined;
  readonly decode?:
    | {
        /**
         * Format of the record's value: a JSON document, the JSON with schema and payload of Kafka Connect's
         * JsonConverter (connect-json: paths lead into the payload, decimals are numbers and times need no unit),
         * the text of one number, one big-endian number (int32, int64, float32, float64) as the serializers of
         * Kafka's Java clients write it, a line of text (see columns), or Confluent's wire format with JSON
         * (json-schema), Avro or Protobuf, whose schemas are in schemaRegistry. Avro and Protobuf without a
         * registry need schemaFile. module: whatever the function of module reads. Default: "json".
         */
        readonly format?:
          | "json"
          | "connect-json"
          | "number"
          | "text"
          | "json-schema"
          | "avro"
          | "protobuf"
          | "module"
          | "int32"
          | "int64"
          | "float32"
          | "float64"
          | undefined;
        /**
         * Path of a JavaScript module whose default export reads a value: (value, record) => readings. A reading is
         * {key, time, value} and may have further fields, for the paths of this section. Requires format: module.
         */
        readonly module?: string | undefined;
        /**
         * Names of the columns of a line, for format: text; paths are these names. Or names of the cells, where the
         * items of each are lists: a list of names, or the path of such a list in the document. Default: the line
         * is one text, at the empty path.
         */
        readonly columns?:
          | readonly string[]
          | string
          | {
              /** List of texts. */
              readonly path: readonly string[];
            }
          | undefined;
        /** Text between the columns of a line. Quotes have no meaning. Default: ",". */
        readonly delimiter?: string | undefined;
        /**
         * Format of the record's key: UTF-8 text, a JSON document, the payload of Kafka Connect's JSON with schema,
         * a big-endian integer of 4 or 8 bytes (int32, int64) as Kafka's IntegerSerializer and LongSerializer write
         * it, any bytes as hexadecimal digits (hex), or Avro or Protobuf in Confluent's wire format, whose schemas
         * are in schemaRegistry. Avro and Protobuf without a registry need keySchemaFile. {record: key, path: id}
         * in key names a field of it. Default: "text".
         */
        readonly keyFormat?:
          "text" | "json" | "connect-json" | "int32" | "int64" | "hex" | "avro" | "protobuf" | undefined;
        /**
         * Window behind the record's key, as Kafka Streams and ksqlDB write it: its start in 8 bytes (time), or its
         * end and start in 16 (session). keyFormat reads the bytes before it. Default: none.
         */
        readonly keyWindow?: "time" | "session" | undefined;
        /** Path of the schema (.avsc or .proto) of Avro or Protobuf keys that are not in Confluent's wire format. */
        readonly keySchemaFile?: string | undefined;
        /** Full name of the Protobuf message in keySchemaFile, such as plant.Place. Default: its first message. */
        readonly keyMessage?: string | undefined;
        /**
         * Path of the schema (.avsc or .proto) of Avro or Protobuf records that are not in Confluent's wire format.
         * Files that a .proto imports are read from its folder.
         */
        readonly schemaFile?: string | undefined;
        /** Full name of the Protobuf message in schemaFile, such as plant.Reading. Default: its first message. */
        readonly message?: string | undefined;
        /**
         * The series key: a path in the document, or a list of parts that are joined with a slash, in which ~ is
         * written ~0 and / is written ~1. A part is a path, {firstOf: paths}, {const: text}, {header: name},
         * {record: key, path: of a field in it}, {labels: path} for all members of an object, or {member: name}
         * with each: {members: path}. Default: the record's key as UTF-8 text.
         */
        readonly key?:
          | string
          | {
              /** List of texts. */
              readonly path: readonly string[];
            }
          | {
              /** List (2 to 16) of: text, or {path: list of texts}. */
              readonly firstOf: readonly (
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  }
              )[];
            }
          | {
              readonly const: string;
            }
          | {
              readonly header: string;
            }
          | {
              readonly labels:
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  };
            }
          | {
              readonly member: "name";
            }
          | {
              readonly record: "key";
              readonly path?:
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  }
                | undefined;
            }
          | readonly (
              | string
              | {
                  /** List of texts. */
                  readonly path: readonly string[];
                }
              | {
                  /** List (2 to 16) of: text, or {path: list of texts}. */
                  readonly firstOf: readonly (
                    | string
                    | {
                        /** List of texts. */
                        readonly path: readonly string[];
                      }
                  )[];
                }
              | {
                  readonly const: string;
                }
              | {
                  readonly header: string;
                }
              | {
                  readonly labels:
                    | string
                    | {
                        /** List of texts. */
                        readonly path: readonly string[];
                      };
                }
              | {
                  readonly member: "name";
                }
              | {
                  readonly record: "key";
                  readonly path?:
                    | string
                    | {
                        /** List of texts. */
                        readonly path: readonly string[];
                      }
                    | undefined;
                }
            )[]
          | undefined;
        /**
         * Path of the event time in the document, as a number in timeUnit, as text in timeFormat, or as ISO 8601;
         * or {firstOf: paths}; or {header: name}; or {window: start} or {window: end} of the record's key (see
         * keyWindow); or a list of paths, such as [date, time], whose texts are joined with a blank. Default: the
         * record's timestamp.
         */
        readonly time?:
          | string
          | {
              /** List of texts. */
              readonly path: readonly string[];
            }
          | {
              /** List (2 to 16) of: text, or {path: list of texts}. */
              readonly firstOf: readonly (
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  }
              )[];
            }
          | {
              readonly header: string;
            }
          | {
              readonly window: "start" | "end";
            }
          | readonly (
              | string
              | {
                  /** List of texts. */
                  readonly path: readonly string[];
                }
              | {
                  /** List (2 to 16) of: text, or {path: list of texts}. */
                  readonly firstOf: readonly (
                    | string
                    | {
                        /** List of texts. */
                        readonly path: readonly string[];
                      }
                  )[];
                }
            )[]
          | undefined;
        /**
         * Unit of event times that are numbers: s, ms, us or ns since 1970. Default: milliseconds, and a number
         * that is not plausible in milliseconds (1973 to 2572) goes to the dead letters.
         */
        readonly timeUnit?: "s" | "ms" | "us" | "ns" | undefined;
        /** Format of the event time in the tokens of luxon, such as d.M.yyyy HH:mm. Default: ISO 8601. */
        readonly timeFormat?: string | undefined;
        /** Time zone of event times that name none, such as Europe/Berlin. Default: UTC. */
        readonly timeZone?: string | undefined;
        /**
         * Path of the value in the document. An empty path is the document itself; null is a missing value.
         * {firstOf: [temperature, temp]} takes the first of several paths with something other than null at it,
         * also in key, time, series and features. Default: "value".
         */
        readonly value?:
          | string
          | {
              /** List of texts. */
              readonly path: readonly string[];
            }
          | {
              /** List (2 to 16) of: text, or {path: list of texts}. */
              readonly firstOf: readonly (
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  }
              )[];
            }
          | undefined;
        /**
         * Several series in one record, instead of value: a map of name to path, a list of {name, value, features},
         * or the path of an object whose members are all series. Each series' key is the record's key, a slash and
         * the name.
         */
        readonly series?:
          | string
          | {
              /** List of texts. */
              readonly path: readonly string[];
            }
          | readonly {
              readonly name: string;
              readonly value:
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  }
                | {
                    /** List (2 to 16) of: text, or {path: list of texts}. */
                    readonly firstOf: readonly (
                      | string
                      | {
                          /** List of texts. */
                          readonly path: readonly string[];
                        }
                    )[];
                  };
              /**
               * List (0 to 32) of: text, or {path: list of texts}, or {firstOf: list (2 to 16) of: text, or {path: list
               * of texts}}. Default: [].
               */
              readonly features?:
                | readonly (
                    | string
                    | {
                        /** List of texts. */
                        readonly path: readonly string[];
                      }
                    | {
                        /** List (2 to 16) of: text, or {path: list of texts}. */
                        readonly firstOf: readonly (
                          | string
                          | {
                              /** List of texts. */
                              readonly path: readonly string[];
                            }
                        )[];
                      }
                  )[]
                | undefined;
            }[]
          | Readonly<
              Record<
                string,
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  }
                | {
                    /** List (2 to 16) of: text, or {path: list of texts}. */
                    readonly firstOf: readonly (
                      | string
                      | {
                          /** List of texts. */
                          readonly path: readonly string[];
                        }
                    )[];
                  }
              >
            >
          | undefined;
        /**
         * Path of an array: each item gives the readings of a record. Paths that begin with this one lead into the
         * item, every other path into the whole document. Arrays on the way are walked too. {members: path} takes
         * the members of an object in place of items; {member: name} in key is a member's name. A list of paths,
         * such as [time, value], takes the items of several arrays together, the first of each, then the second.
         */
        readonly each?:
          | string
          | {
              /** List of texts. */
              readonly path: readonly string[];
            }
          | {
              readonly members:
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  };
            }
          | readonly (
              | string
              | {
                  /** List of texts. */
                  readonly path: readonly string[];
                }
            )[]
          | undefined;
        /**
         * What to do if nothing is at the path of a value: reject the reading, take it as a missing value, or skip
         * the series. A record in which skip would leave out every series is rejected. Null is always a missing
         * value. Default: "reject".
         */
        readonly absent?: "reject" | "missing" | "skip" | undefined;
        /** Takes texts such as "41.2" as numbers, for values and features. Default: false. */
        readonly numbersInText?: boolean | undefined;
        /**
         * Paths of texts that are JSON documents themselves, such as message in the records of log shippers: paths
         * lead through them. They are read in this order, through arrays too. The empty path is a document that is
         * such a text. A text that is not JSON refuses the record; absent: skip skips it. List of 0 to 16 paths.
         * Default: [].
         */
        readonly jsonInText?:
          | readonly (
              | string
              | {
                  /** List of texts. */
                  readonly path: readonly string[];
                }
            )[]
          | undefined;
        /**
         * Fields that are decimals in base64 or bytes, as Debezium and Kafka Connect write them without a schema,
         * with their scale: the digits after the point. Without scale a field is an object {scale, value}. The
         * settings read numbers in their place. Paths lead through arrays. List of {field: path, scale: whole
         * number}. Default: [].
         */
        readonly decimals?:
          | readonly {
              readonly field:
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  };
              /** Whole number from -1000 to 1000. */
              readonly scale?: number | undefined;
            }[]
          | undefined;
        /**
         * Decimal mark of numbers in texts. With a comma, texts such as "41,2" are numbers, and a point is refused.
         * Default: ".".
         */
        readonly decimal?: "." | "," | undefined;
        /**
         * Units that values and features may carry before or after the number, such as "%". With a unit, texts such
         * as "12.5 %" and "12.5" are numbers. List of texts (0 to 64). Default: [].
         */
        readonly valueUnit?: readonly string[] | undefined;
        /**
         * Numbers that words and booleans stand for, such as {true: 1, false: 0} or {open: 1, closed: 0}, for
         * values and features. Upper and lower case are the same.
         */
        readonly words?: Readonly<Record<string, number>> | undefined;
        /**
         * Texts that stand for a missing value or feature, such as unavailable. Upper and lower case are the same.
         * List of texts (0 to 64). Default: [].
         */
        readonly missing?: readonly string[] | undefined;
        /**
         * Paths of further numbers in the document that help to forecast the next value, of every series. Null or
         * an absent field is a missing value. List of 0 to 32 paths. Default: [].
         */
        readonly features?:
          | readonly (
              | string
              | {
                  /** List of texts. */
                  readonly path: readonly string[];
                }
              | {
                  /** List (2 to 16) of: text, or {path: list of texts}. */
                  readonly firstOf: readonly (
                    | string
                    | {
                        /** List of texts. */
                        readonly path: readonly string[];
                      }
                  )[];
                }
            )[]
          | undefined;
        /** What to do with a record without a value: reject it, or skip and count it. Default: "reject". */
        readonly tombstones?: "reject" | "skip" | undefined;
        /**
         * Records to skip and count: those whose field has one of the listed values, such as {field: op, in: [d]}
         * for the deletes of a change stream. List of {field: path, in: list of values}. Default: [].
         */
        readonly skip?:
          | readonly {
              readonly field:
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  };
              /** List (1 to 64) of: value. */
              readonly in: readonly (string | number | boolean)[];
            }[]
          | undefined;
        /**
         * Records to read, all others are skipped and counted: those whose field has one of the listed values, such
         * as {field: type, in: [reading]} where a topic holds several kinds of records. Several fields must all
         * have one. List of {field: path, in: list of values}. Default: [].
         */
        readonly only?:
          | readonly {
              readonly field:
                | string
                | {
                    /** List of texts. */
                    readonly path: readonly string[];
                  };
              /** List (1 to 64) of: value. */
              readonly in: readonly (string | number | boolean)[];
            }[]
          | undefined;
        /**
         * Largest number of readings of one record. A record with more goes to the dead letters. Whole number from
         * 1 to 100000. Default: 10000.
         */
        readonly maxReadings?: number | undefined;
        /**
         * Largest accepted record value, in bytes. Larger records go to the dead letters. Whole number of at least
         * 1. Default: 1048576.
         */
        readonly maxValueBytes?: number | undefined;
      }
    | undefined;
  readonly encode?:
    | {
        /**
         * Format of a forecast record's value. json: a flat JSON document. connect-json: the same with its schema,
         * as Kafka Connect's JsonConverter reads it; times are timestamps. avro, protobuf, json-schema: Confluent's
         * wire format, whose schema a start registers in schemaRegistry. Default: "json".
         */
        readonly format?: "json" | "connect-json" | "avro" | "protobuf" | "json-schema" | undefined;
        /**
         * Subject under which the schema of avro, protobuf or json-schema is registered. Default: the forecasts
         * topic with -value behind it.
         */
        readonly subject?: string | undefined;
        /**
         * Id of the schema in the registry, if it is registered otherwise: nothing is asked of the registry then.
         * Default: the id under which a start registers it. Whole number from 1 to 4294967295.
         */
        readonly schemaId?: number | undefined;
        /**
         * Fields of a forecast record in their order, each as a name or as {field: yhat, as: forecast}. Fields:
         * key, time, value, yhat, yhat_lower, yhat_upper, intervals, yhat_time, expected, anomaly_score, model,
         * incident, horizon, expected_lower, expected_upper, alarm, application, topic, partition, offset. Empty:
         * the first 13, of which intervals need several model.intervalLevels and horizon a model.horizon above 1.
         * List (0 to 20) of: key | time | value | yhat | yhat_lower | yhat_upper | intervals | yhat_time | expected
         * | anomaly_score | model | incident | horizon | expected_lower | expected_upper | alarm | application |
         * topic | partition | offset, or {field: key | time | value | yhat | yhat_lower | yhat_upper | intervals |
         * yhat_time | expected | anomaly_score | model | incident | horizon | expected_lower | expected_upper |
         * alarm | application | topic | partition | offset, as: text}. Default: [].
         */
        readonly fields?:
          | readonly (
              | "key"
              | "time"
              | "value"
              | "yhat"
              | "yhat_lower"
              | "yhat_upper"
              | "intervals"
              | "yhat_time"
              | "expected"
              | "anomaly_score"
              | "model"
              | "incident"
              | "horizon"
              | "expected_lower"
              | "expected_upper"
              | "alarm"
              | "application"
              | "topic"
              | "partition"
              | "offset"
              | {
                  readonly field:
                    | "key"
                    | "time"
                    | "value"
                    | "yhat"
                    | "yhat_lower"
                    | "yhat_upper"
                    | "intervals"
                    | "yhat_time"
                    | "expected"
                    | "anomaly_score"
                    | "model"
                    | "incident"
                    | "horizon"
                    | "expected_lower"
                    | "expected_upper"
                    | "alarm"
                    | "application"
                    | "topic"
                    | "partition"
                    | "offset";
                  readonly as: string;
                }
            )[]
          | undefined;
        /**
         * Headers of a record of forecasts or incidents. input: those of its observation. cloudevents: also the
         * attributes of a CloudEvent in binary mode. Default: "input".
         */
        readonly headers?: "input" | "cloudevents" | undefined;
        /** Format of the records of topics.incidents. */
        readonly incidents?:
          | {
              /** Format of an incident record's value, as encode.format. Default: that of the forecasts. */
              readonly format?: "json" | "connect-json" | "avro" | "protobuf" | "json-schema" | undefined;
              /** Subject of the incidents' schema. Default: the incidents topic with -value behind it. */
              readonly subject?: string | undefined;
              /**
               * Id of the incidents' schema in the registry, if it is registered otherwise. Default: the id under which
               * a start registers it. A program without it writes incidents as flat JSON. Whole number from 1 to
               * 4294967295.
               */
              readonly schemaId?: number | undefined;
            }
          | undefined;
      }
    | undefined;
  /**
   * What to do with an event older than the previous event of its key: process it, drop it and count it, or
   * send it to the dead letters. With windows (aggregate), an event is late if its window is closed, and
   * process drops and counts it too. With drop and dead-letter, an event time more than 7 days after its
   * record's timestamp also goes to the dead letters, because every later event of the key would be late.
   * Default: "process".
   */
  readonly late?: "process" | "drop" | "dead-letter" | undefined;
  readonly snapshot?:
    | {
        /**
         * Largest number of events between two snapshots. A recovery replays at most these events and one commit.
         * Whole number of at least 1. Default: 100000.
         */
        readonly everyEvents?: number | undefined;
        /**
         * Longest time between two snapshots, in milliseconds. Shorter times make recovery faster and write more.
         * Whole number from 1 to 86400000. Default: 300000.
         */
        readonly everyMs?: number | undefined;
      }
    | undefined;
  readonly recovery?:
    | {
        /**
         * What to do if the state was made with other model settings: fail, start with an empty state (fresh), or
         * keep the state (migrate). migrate accepts changes of these settings only: learning, maxUpdatesPerSecond,
         * learningRate, learningBoost, learningBoostUpdates, maxGradientNorm, alarmRate, detection, bounds, kind,
         * seasonKeys, maxKeys, keyTtlMs. After any other change it fails too. Default: "fail".
         */
        readonly changedModel?: "fail" | "fresh" | "migrate" | undefined;
        /**
         * What to do if the state cannot be restored to the committed offset because input or state is gone: fail,
         * or resume at the committed offset with an empty state (fresh). Default: "fail".
         */
        readonly gap?: "fail" | "fresh" | undefined;
      }
    | undefined;
  readonly commit?:
    | {
        /**
         * Largest number of input records per commit. Smaller commits lower latency and cost throughput. Whole
         * number from 1 to 100000. Default: 5000.
         */
        readonly maxEvents?: number | undefined;
      }
    | undefined;
}
