/** The slabs of what keys keep as members of their groups: 18 bytes a key. */
import { Slabs } from "../../keys/slabs.js";

export const f64At = {
  /** Time of the first of the member's last values in a row that were unusual, epoch milliseconds; meaningless without. */
  since: 0,
} as const;
export const f64Size = 1;

export const f32At = {
  /** Score of the member's last value. */
  score: 0,
} as const;
export const f32Size = 1;

export const u16At = {
  /** Number of the member's last value in the group, modulo 2^32: low and high half. */
  countLow: 0,
  countHigh: 1,
  /** 1 + the bin of the last value's rarity; 0 for a key without one. */
  bin: 2,
} as const;
export const u16Size = 3;

export class MemberRows extends Slabs {
  constructor() {
    super({ f64: f64Size, f32: f32Size, u16: u16Size }, "group members");
  }
}
