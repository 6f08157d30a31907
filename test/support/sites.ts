/** Two sites and a key by itself: in one minute all members of the site north deviate. */
import { noiseOf } from "../bench/detection/ordinary.js";

export const members = 6;
export const minutes = 290;
export const faultAt = 260;
export const begin = 1_700_000_000_000;

export interface SiteEvent {
  readonly key: string;
  readonly site: string | undefined;
  readonly time: number;
  readonly value: number;
}

/** Keys are `name(site, i)` of each member, and "alone". */
export function siteEvents(name: (site: string, i: number) => string, fault = 4): SiteEvent[] {
  const noise = noiseOf(7);
  const keys = ["north", "south"].flatMap((site) =>
    Array.from({ length: members }, (_, i) => ({ key: name(site, i), site })),
  );
  return Array.from({ length: minutes }, (_, minute) =>
    [...keys, { key: "alone", site: undefined }].map(({ key, site }) => ({
      ...{ key, site, time: begin + 60_000 * minute },
      value: noise.normal() + (minute === faultAt && site === "north" ? fault : 0),
    })),
  ).flat();
}
