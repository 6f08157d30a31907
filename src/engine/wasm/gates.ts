/** The gates of many keys, in WebAssembly: small learned mixtures of what each key's experts forecast. */
import { UndercurrentError } from "../../errors/library.js";
import { instantiateGateKernel, type GateKernel } from "./kernel.js";
import { floatsAt, Slab } from "./slab.js";

/** Members that a gate mixes at most. */
export const mostMembers = 8;
/** Rivals in the rule behind a gate, and discounts of the losses that it sees. */
export const rivals = 3;
export const discounts = 3;
/** Vectors of the rivals have four lanes. Their forecasts, regrets and squares are in front of the losses. */
const lanes = 4;
const numbersOfRivals = 3;
const lossesFrom = 2 * numbersOfRivals * lanes;
const halvesOfKernel = lossesFrom + discounts * mostMembers;
/** Inputs of each member, and of the key. */
const inputsOfMember = discounts + 2;
const inputsOfKey = 2;
const mostInputs = inputsOfMember * mostMembers + inputsOfKey;

/** What the gates read and write. What is of a member that a gate lacks must stay zero. */
export interface GateBuffers {
  /** What the members forecast, bounded once it was looked at. */
  readonly said: Float32Array;
  /** For each input a weight of each member, then the members' constants. */
  readonly weights: Float32Array;
  readonly inputs: Float32Array;
  /** The members' shares in the gate's forecast, and how far the last value, the panel and the gate are trusted. */
  readonly shares: Float32Array;
  readonly trust: Float32Array;
}

/** A row of a key. */
export interface GateRow {
  /** Of the rivals in turn the last forecasts, the regrets, and their squares. */
  readonly rivals: Float32Array;
  /** Mean losses of the members by discount, as 16-bit floats. */
  readonly losses: Uint16Array;
  /** What the owner of the row keeps. */
  readonly single: number;
  readonly owned: Uint16Array;
}

/** What came: a scaled change, the size of usual errors, and the least rate at which mean losses move. */
export interface GateLesson {
  readonly target: number;
  readonly spread: number;
  readonly soonest: number;
  readonly squared: boolean;
}

/**
 * A gate of so many members for each row. All have the same weights. A row also keeps a single and some 16-bit numbers of its
 * owner, most of them in lanes that no rival and no member has.
 */
export class Gates extends Slab<GateKernel, GateBuffers> {
  /** Places of a gate's inputs among those of the kernel, which has room for more members. */
  readonly #places: readonly number[];
  readonly #members: number;
  /** Places of the owner's 16-bit numbers. */
  readonly #owned: readonly number[];

  /** @param owned Number of the owner's 16-bit numbers. */
  constructor(members: number, owned: number) {
    const kernel = instantiateGateKernel();
    const places = ownedPlaces(members, owned);
    const further = Math.max(0, places.at(-1)! + 1 - halvesOfKernel);
    if (!kernel.init(members, 4 * Math.ceil(further / 2))) {
      throw new UndercurrentError(
        "MEMORY_EXHAUSTED",
        "out of memory: cannot allocate the buffers of the gates",
      );
    }
    super(kernel, "gates", viewsOf);
    this.#members = members;
    this.#owned = places;
    this.#places = placesOf(members);
  }

  /** Of each member in turn the weights of a gate's inputs and a constant. */
  set weights(weights: Float32Array) {
    const into = this.buffers.weights.fill(0);
    const size = this.#places.length + 1;
    for (let member = 0; member < mostMembers; member++) {
      const constant = mostInputs * mostMembers + member;
      if (member >= this.#members) {
        into[constant] = noShare;
        continue;
      }
      this.#places.forEach((place, i) => (into[place * mostMembers + member] = weights[member * size + i]!));
      into[constant] = weights[(member + 1) * size - 1]!;
    }
  }

  /** Writes the inputs that were looked at last, in the order of the weights. */
  readInputs(into: Float64Array): void {
    const { inputs } = this.buffers;
    this.#places.forEach((place, i) => (into[i] = inputs[place]!));
  }

  /** A copy of a row. */
  readRow(row: number): GateRow {
    const floats = this.read(row);
    const halves = new Uint16Array(floats.buffer);
    return {
      rivals: Float32Array.from({ length: numbersOfRivals * rivals }, (_, i) => floats[ofRival(i)]!),
      losses: Uint16Array.from({ length: discounts * this.#members }, (_, i) => halves[this.#ofMember(i)]!),
      single: floats[ownedSingle]!,
      owned: Uint16Array.from(this.#owned, (place) => halves[place]!),
    };
  }

  writeRow(row: number, { rivals, losses, single, owned }: GateRow): void {
    const floats = new Float32Array(this.rowSize);
    const halves = new Uint16Array(floats.buffer);
    floats[ownedSingle] = single;
    owned.forEach((value, i) => (halves[this.#owned[i]!] = value));
    rivals.forEach((value, i) => (floats[ofRival(i)] = value));
    losses.forEach((loss, i) => (halves[this.#ofMember(i)] = loss));
    this.write(row, floats);
  }

  /** Writes a row's inputs and shares to the buffers, from what its members say. */
  look(row: number, ofValues: number, ofFew: number): void {
    this.kernel.look(this.check(row), ofValues, ofFew);
  }

  /** Mixes a row's next forecast from what its members say, beside the panel's, and returns that of the rivals together. */
  forecast(row: number, panel: number, ofValues: number, ofFew: number): number {
    return this.kernel.forecast(this.check(row), panel, ofValues, ofFew);
  }

  /** Writes how far the rivals of a row are trusted, and returns their forecast together. */
  whole(row: number): number {
    return this.kernel.whole(this.check(row));
  }

  /** A row learns what came, of which its members had said what `said` holds. */
  learn(row: number, { target, spread, soonest, squared }: GateLesson): void {
    this.kernel.learn(this.check(row), target, spread, soonest, squared ? 1 : 0);
  }

  /** The single that the owner of a row keeps. */
  single(row: number): number {
    return this.floats[this.check(row) * this.rowSize + ownedSingle]!;
  }

  keepSingle(row: number, value: number): void {
    this.floats[this.check(row) * this.rowSize + ownedSingle] = value;
  }

  /** The owner of a row keeps a 16-bit number. */
  keep(row: number, i: number, value: number): void {
    this.#halvesOf(row)[this.#owned[i]!] = value;
  }

  /** The 16-bit numbers that the owner of a row keeps. */
  owned(row: number): Uint16Array {
    const halves = this.#halvesOf(row);
    return Uint16Array.from(this.#owned, (place) => halves[place]!);
  }

  #halvesOf(row: number): Uint16Array {
    const { buffer, byteOffset } = this.floats;
    const size = this.rowSize;
    return new Uint16Array(buffer, byteOffset + 4 * this.check(row) * size, 2 * size);
  }

  #ofMember(i: number): number {
    return lossesFrom + mostMembers * Math.floor(i / this.#members) + (i % this.#members);
  }
}

/** The constant of a member that there is not. */
const noShare = -1e30;

/** Place of the owner's single: the fourth lane of the forecasts. */
const ownedSingle = lanes - 1;

/** Places of an owner's 16-bit numbers: fourth lanes of the regrets and squares, missing members' losses, and behind. */
function ownedPlaces(members: number, owned: number): number[] {
  const places: number[] = [];
  for (let v = 1; v < numbersOfRivals; v++) for (let i = 2; i > 0; i--) places.push(2 * lanes * (v + 1) - i);
  for (let d = 0; d < discounts; d++)
    for (let m = members; m < mostMembers; m++) places.push(lossesFrom + d * mostMembers + m);
  for (let i = 0; places.length < owned; i++) places.push(halvesOfKernel + i);
  return places.slice(0, owned);
}

function ofRival(i: number): number {
  return lanes * Math.floor(i / rivals) + (i % rivals);
}

/** The members' logarithms by discount, then each member's move and its size, but the first one's; then the key's. */
function placesOf(members: number): number[] {
  const places: number[] = [];
  for (let d = 0; d < discounts; d++) for (let m = 0; m < members; m++) places.push(d * mostMembers + m);
  for (let m = 1; m < members; m++)
    for (let i = 0; i < 2; i++) places.push((discounts + i) * mostMembers + m);
  for (let i = 0; i < inputsOfKey; i++) places.push(inputsOfMember * mostMembers + i);
  return places;
}

function viewsOf(kernel: GateKernel): GateBuffers {
  return {
    said: floatsAt(kernel, kernel.said, mostMembers),
    weights: floatsAt(kernel, kernel.weights, (mostInputs + 1) * mostMembers),
    inputs: floatsAt(kernel, kernel.inputs, mostInputs),
    shares: floatsAt(kernel, kernel.shares, mostMembers),
    trust: floatsAt(kernel, kernel.trust, rivals),
  };
}
