-- Flink SQL: forecasts in Avro under a registered schema, of which a table may take some fields.
CREATE TABLE forecasts (
  `key` STRING NOT NULL,
  -- UTC: the type that Flink maps to timestamp-millis by default.
  `time` TIMESTAMP(3) NOT NULL,
  `value` DOUBLE,
  `forecast` DOUBLE,
  `anomaly_score` DOUBLE,
  `alarm` BOOLEAN NOT NULL
) WITH (
  'connector' = 'kafka',
  'topic' = 'forecasts',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'avro-confluent',
  'avro-confluent.url' = 'http://localhost:8081'
);

SELECT `key`, COUNT(*) AS events, SUM(`value`) AS total, COUNT(`forecast`) AS forecasts FROM forecasts GROUP BY `key`;
