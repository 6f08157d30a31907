/** The slabs of what keys keep for the detection of anomalies. */
import { Slabs, type SlabRow, type SlabRows, type SlabSizes } from "../keys/slabs.js";
import { f32Size, f64Size, type DetectionLayout } from "./layout.js";

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

  /** Writes a key's rows; those of an older record lack the last singles, which are 0. */
  override write(slot: number, rows: DetectionState): void {
    this.start(slot);
    super.write(slot, rows);
  }
}
