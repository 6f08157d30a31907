-- A table for the rows of jdbc.properties, divided by time. TimescaleDB: leave PARTITION BY and the partition out, and call
-- SELECT create_hypertable('forecasts', by_range('observed_at'));
CREATE TABLE forecasts (
  series text NOT NULL,
  observed_at timestamp NOT NULL,
  value double precision,
  forecast double precision,
  forecast_low double precision,
  forecast_high double precision,
  forecast_for timestamp,
  alarm boolean NOT NULL,
  source_partition int NOT NULL,
  source_offset bigint NOT NULL,
  PRIMARY KEY (source_partition, source_offset, series, observed_at)
) PARTITION BY RANGE (observed_at);
CREATE TABLE forecasts_default PARTITION OF forecasts DEFAULT;
CREATE INDEX ON forecasts (series, observed_at);
