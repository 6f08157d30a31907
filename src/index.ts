/** Exports the forecasters and the operators. The pipeline of records is `undercurrent-forecast/pipeline`. */
export {
  cellKinds,
  type CellKind,
  contextKinds,
  type ContextKind,
  recurrentKinds,
  type RecurrentKind,
  type Engine,
  type EngineFactory,
  type EngineDescription,
  type EngineShape,
  type LearnOptions,
  type LearnReport,
  type ParameterSet,
  type ParameterTensor,
  type ParameterTensors,
  type StepBuffers,
  type WeightMatrix,
  type WindowBuffers,
} from "./engine/port.js";
export { describeError, UndercurrentError, type ErrorCode } from "./errors/library.js";
export { errors, type ErrorEntry } from "./errors/list.js";
export {
  createForecaster,
  type CreateForecasterOptions,
  EventForecaster,
  type EventForecast,
  type EventIncident,
  type EventOptions,
  type Forecast,
  type ForecastInterval,
  type NextForecast,
  type Observation,
  type StepForecast,
} from "./forecast/objects.js";
export { backtest, type BacktestOptions, type BacktestResult } from "./forecast/evaluation/backtest.js";
export type { IncidentSummary } from "./forecast/evaluation/incident-record.js";
export type {
  ErrorSummary,
  ExpertsSummary,
  KeySummary,
  OverallSummary,
  ScoredEvents,
  StepSummary,
} from "./forecast/evaluation/summary.js";
export type { RejectedEvent } from "./forecast/input.js";
export { forecastColumns, observationColumns } from "./forecast/columns.js";
export type {
  ForecastColumns,
  IntervalColumns,
  ObservationColumns,
  StepColumns,
  WritableObservationColumns,
} from "./forecast/columns.js";
export { Forecaster } from "./forecast/forecaster.js";
export type { KeyedForecaster } from "./forecast/keyed-forecaster.js";
export type { ObjectForecaster } from "./forecast/object-forecaster.js";
export type { TimeLike, ValueLike } from "./forecast/input.js";
export type { ForecasterListeners, UpdateReport } from "./forecast/learning/schedule.js";
export { forecasterSettings, type ForecasterOptions, type ForecasterSettings } from "./forecast/settings.js";
export type { Rarity } from "./forecast/detection/detection.js";
export type { AlarmKind, Kind } from "./forecast/detection/kind.js";
export type { Incident, IncidentChange, IncidentKind } from "./forecast/incidents/incidents.js";
export type { IncidentSettings, QuietWindow } from "./forecast/incidents/settings.js";
export type { GroupIncidentUpdate, IncidentUpdate } from "./forecast/incidents/update.js";
export type { DeviatingMember } from "./forecast/incidents/groups/groups.js";
export type { GroupNote } from "./forecast/incidents/groups/watcher.js";
export type { OpenGroup } from "./forecast/incidents/groups/watcher.js";
export type { IncidentCounts, IncidentNote } from "./forecast/incidents/watcher.js";
export type { PendingForecast } from "./forecast/key-forecaster.js";
export type { SnapshotChange } from "./forecast/snapshot/snapshot.js";
export {
  appendSymbol,
  symbolColumns,
  symbolForecastColumns,
  type SymbolColumns,
  type SymbolForecastColumns,
} from "./forecast/symbols/columns.js";
export { SymbolForecaster } from "./forecast/symbols/forecaster.js";
export {
  createSymbolForecaster,
  type CreateSymbolForecasterOptions,
  EventSymbolForecaster,
  type EventSymbolForecast,
  type LikelySymbol,
  type NextSymbolForecast,
  type SymbolEventOptions,
  type SymbolForecast,
  type SymbolObservation,
} from "./forecast/symbols/objects.js";
export {
  symbolSettings,
  type SymbolForecasterOptions,
  type SymbolSettings,
} from "./forecast/symbols/settings.js";
export { aggregate, type AggregateOptions, type WindowObservation } from "./operators/aggregate.js";
export { anomalies } from "./operators/anomalies.js";
export { forecast, type OperatorOptions } from "./operators/forecast.js";
export { forecastBatches } from "./operators/forecast-batches.js";
export { forecastIncidents } from "./operators/forecast-incidents.js";
export { forecastSymbols, type SymbolOperatorOptions } from "./operators/forecast-symbols.js";
export type { SaveOptions, SavingOptions, SharedOptions, StateOptions } from "./operators/state.js";
export type { ForgottenKeys } from "./forecast/keys/eviction.js";
