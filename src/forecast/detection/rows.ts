/** The slabs of what keys keep for the detection of anomalies. */
import { Slabs, type SlabRow, type SlabRows, type SlabSizes } from "../keys/slabs.js";
import { f32Size, f64Size, formerF32Size, type DetectionLayout } from "./layout.js";

/** The rows of one key; one object is reused for all. */
export type DetectionRow = SlabRow;

/** A key's rows as a snapshot holds them, and their lengths. */
export type DetectionState = SlabRows;
export type DetectionSizes = SlabSizes;

export class DetectionRows extends Slabs {
  readonly layout: DetectionLayout;

  constructor(layout: DetectionLayout) {
    super({ f64: f64Size, f32: f32Size, u16: layout.u16Size }, "detectors");
    this.layout = layout;
  }

  /** Lengths of a key's rows in records of formats 1 to 6, which did not hold the last single. */
  get formerSizes(): DetectionSizes {
    return { ...this.sizes, f32: formerF32Size };
  }

  override write(slot: number, { f64, f32, u16 }: DetectionState): void {
    const whole = new Float32Array(f32Size);
    whole.set(f32);
    super.write(slot, { f64, f32: whole, u16 });
  }
}
