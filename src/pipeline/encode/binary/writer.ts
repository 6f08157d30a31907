/** Defines the port of the binary formats: a field after the other. */

/** Appends fields, in the order of the schema. `field` is the number of the field in Protobuf; A number that is not finite is missing. */
export interface BinaryWriter {
  text(field: number, bytes: Uint8Array, begin: number, end: number): void;
  maybeText(field: number, bytes: Uint8Array | undefined): void;
  double(field: number, value: number): void;
  maybeDouble(field: number, value: number): void;
  /** Epoch milliseconds. */
  time(field: number, milliseconds: number): void;
  maybeTime(field: number, milliseconds: number): void;
  boolean(field: number, value: boolean): void;
  integer(field: number, value: number): void;
  maybeInteger(field: number, value: number): void;
  beginList(items: number): void;
  /** Returns what `endItem` takes. */
  beginItem(field: number): number;
  endItem(begun: number): void;
  endList(): void;
}
