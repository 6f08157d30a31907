/** Declares what every error says beside its message, and the exit codes. */

/** Describes an error by its code. */
export interface ErrorEntry {
  /** Exit code of a command that ends with this error. Rejections of single events do not end a command. */
  readonly exit: number;
  /** What happened to the data. */
  readonly data: string;
  /** The next action of the operator. */
  readonly action: string;
}

/** Exit codes of every command, in the order of the documentation. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  settings: 2,
  input: 3,
  output: 4,
  state: 5,
  external: 6,
} as const;
