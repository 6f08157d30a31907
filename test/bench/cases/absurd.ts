/** Ordinary series with readings that are none: overflows, sentinels and zeros of a restart. */
import type { Case, Source } from "./series.js";

/** Whether the reading of index `i` is absurd. */
type Place = (source: Source) => (i: number) => boolean;

const at =
  (from: number, count = 1): Place =>
  () =>
  (i) =>
    i >= from && i < from + count;

const places: Readonly<Record<string, Place>> = {
  "as the first value": at(0),
  "as the second value": at(1),
  "as the tenth value": at(9),
  "as the 1,000th value": at(999),
  "twice in a row": at(999, 2),
  "five times in a row": at(999, 5),
  "1 % of the values": (source) => () => source.uniform() < 0.01,
  "5 % of the values": (source) => () => source.uniform() < 0.05,
};

const readings: Readonly<Record<string, number>> = {
  "2^32 - 1": 4_294_967_295,
  "-9999": -9999,
  "1e9": 1e9,
  "0": 0,
};

const setPoint: Case["law"] = (source) => {
  let value = 21;
  return () => (source.uniform() < 0.02 ? (value = 18 + Math.floor(8 * source.uniform()) / 2) : value);
};

export const absurd: readonly Case[] = [
  {
    name: "set-point, 65535 as the tenth value",
    count: 2000,
    ahead: true,
    law: setPoint,
    absurd: () => (i) => (i === 9 ? 65_535 : undefined),
  },
  ...Object.entries(places).flatMap(([where, place]) =>
    Object.entries(readings).map(([name, reading]): Case => ({
      name: `${name} ${where}`,
      count: 2000,
      ahead: true,
      law: (source) => () => 100 + 2 * source.normal(),
      absurd: (source) => {
        const isAbsurd = place(source);
        return (i) => (isAbsurd(i) ? reading : undefined);
      },
    })),
  ),
  {
    name: "meter whose first reading is 0",
    count: 2000,
    ahead: true,
    law: (source) => {
      let meter = 439_534;
      return () => (meter += source.poisson(5));
    },
    absurd: () => (i) => (i === 0 ? 0 : undefined),
  },
];
