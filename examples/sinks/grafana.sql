-- A panel of Grafana with PostgreSQL as its source: values, the forecasts that were made for their times, and alarms.
SELECT
  observed_at AS "time",
  value,
  lag(forecast) OVER of_series AS forecast,
  lag(forecast_low) OVER of_series AS low,
  lag(forecast_high) OVER of_series AS high,
  CASE WHEN alarm THEN value END AS alarm
FROM forecasts
WHERE series = 'key-1' AND $__timeFilter(observed_at)
WINDOW of_series AS (PARTITION BY series ORDER BY observed_at, source_offset)
ORDER BY 1;
