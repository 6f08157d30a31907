/**
 * The history of the roles of two models: which one began where, and which one was live from which input offset on. It is one
 * record of the state, whose latest value has all that was before, so that replays of older input know it.
 */
import type { ForecasterSettings } from "../../forecast/settings.js";
import { signedSettings } from "../../forecast/snapshot/signature.js";
import type { StateChange, StateRecord } from "../ports.js";
import { openRecord, sealRecord, torn } from "./sealed-record.js";

export const rolesKey = "roles";

/** Changes that are kept; earlier ones are forgotten. A change takes about 60 bytes. */
const mostChanges = 1000;

/** Where the records of a model are: the prefix of their keys. */
export type Place = "" | "candidate:";

/** Settings of a model as its state carries them. */
type SignedSettings = Readonly<Record<string, unknown>>;

/** From an input offset on, the model of a place begins anew, is the live one, or both. */
export interface RoleChange {
  readonly at: number;
  readonly place: Place;
  readonly begins?: true | undefined;
  readonly live?: true | undefined;
  /** The state was imported, so that no replay leads to it. */
  readonly imported?: true | undefined;
  /** Indexes in `models`: of the place's model, and of the live one before. */
  readonly model: number;
  readonly former?: number | undefined;
}

export interface RoleHistory {
  /** The offset from which on it has all changes. */
  readonly since: number;
  readonly models: readonly SignedSettings[];
  readonly changes: readonly RoleChange[];
}

/** A change, by the settings of its models. */
export interface NewRole extends Omit<RoleChange, "model" | "former"> {
  readonly settings: ForecasterSettings;
  readonly former?: ForecasterSettings | undefined;
}

/** Returns the place without the live model. */
export function otherPlace(place: Place): Place {
  return place === "" ? "candidate:" : "";
}

/** Returns the place of the model that is live for the record of an offset. Without a history there is one place. */
export function livePlace(history: RoleHistory | undefined, offset = Infinity): Place {
  return history?.changes.findLast(({ at, live }) => live === true && at <= offset)?.place ?? "";
}

/** Returns the offset at which the live model began with an empty state; undefined if that was before the history. */
export function liveSince(history: RoleHistory | undefined): number | undefined {
  return history?.changes.findLast(({ begins, live }) => begins === true && live === true)?.at;
}

/** Returns the history with a further change. A live model that begins anew ends what was from its offset on. */
export function withRole(history: RoleHistory | undefined, role: NewRole): RoleHistory {
  const models = [...(history?.models ?? [])];
  const indexOf = (settings: ForecasterSettings): number => {
    const signed = signedSettings(settings);
    const text = JSON.stringify(signed);
    const known = models.findIndex((each) => JSON.stringify(each) === text);
    return known < 0 ? models.push(signed) - 1 : known;
  };
  const { settings, former, ...change } = role;
  const isAnew = change.begins === true && change.live === true;
  const earlier = (history?.changes ?? []).filter(({ at }) => !isAnew || at <= change.at);
  const changes = [
    ...earlier,
    { ...change, model: indexOf(settings), ...(former && { former: indexOf(former) }) },
  ];
  const since = history?.since ?? 0;
  return trimmed({ since: isAnew ? Math.min(since, change.at) : since, models, changes });
}

/** Returns the history where a state without roles was imported: it ends what was from its offset on. */
export function withImport(history: RoleHistory, at: number, settings: ForecasterSettings): RoleHistory {
  const { since, models, changes } = history;
  const kept = { since: Math.min(since, at), models, changes: changes.filter((change) => change.at <= at) };
  return withRole(kept, { at, place: "", live: true, imported: true, settings });
}

/** Returns a history of the latest roles alone, as if they held from an offset on. */
export function latestRoles(history: RoleHistory, offset: number): RoleHistory {
  const latest = history.changes.findLast(({ live }) => live === true);
  const changes = latest === undefined ? [] : [{ ...latest, at: offset }];
  return trimmed({ since: offset, models: history.models, changes });
}

/** Returns the record of the history, written at an input offset. */
export function writeRoles(offset: number, history: RoleHistory): StateRecord & StateChange {
  return { key: rolesKey, value: sealRecord(offset, Buffer.from(JSON.stringify(history))) };
}

/** Reads the record of the history. Throws STATE_TORN. */
export function readRoles(record: StateRecord): RoleHistory {
  const { snapshot } = openRecord(record);
  try {
    return JSON.parse(Buffer.from(snapshot).toString()) as RoleHistory;
  } catch {
    throw torn("the record of the roles is unreadable");
  }
}

/** Keeps the newest changes, and the models that they name. */
function trimmed({ since, models, changes }: RoleHistory): RoleHistory {
  const kept = changes.slice(-mostChanges);
  const used = [...new Set(kept.flatMap(({ model, former = model }) => [model, former]))].sort(
    (a, b) => a - b,
  );
  return {
    since: kept.length < changes.length ? kept[0]!.at : since,
    models: used.map((index) => models[index]!),
    changes: kept.map(({ model, former, ...change }) => ({
      ...change,
      model: used.indexOf(model),
      ...(former !== undefined && { former: used.indexOf(former) }),
    })),
  };
}
