-- Flink SQL: forecasts in the usual JSON, and how often each key has been unusual in a minute.
CREATE TABLE forecasts (
  `key` STRING,
  `time` TIMESTAMP_LTZ(3),
  `value` DOUBLE,
  `yhat` DOUBLE,
  `yhat_lower` DOUBLE,
  `yhat_upper` DOUBLE,
  `yhat_time` TIMESTAMP_LTZ(3),
  `expected` DOUBLE,
  `anomaly_score` DOUBLE,
  `model` STRING,
  WATERMARK FOR `time` AS `time` - INTERVAL '10' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'forecasts',
  'properties.bootstrap.servers' = 'localhost:9092',
  -- Records of a transaction that failed are not forecasts.
  'properties.isolation.level' = 'read_committed',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json',
  'json.timestamp-format.standard' = 'ISO-8601'
);

SELECT `key`, window_start, COUNT(*) AS events, SUM(CASE WHEN anomaly_score > 1 THEN 1 ELSE 0 END) AS alarms
FROM TABLE(TUMBLE(TABLE forecasts, DESCRIPTOR(`time`), INTERVAL '1' MINUTE))
GROUP BY `key`, window_start, window_end;
