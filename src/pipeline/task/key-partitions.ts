/**
 * Finds keys that arrive in several partitions, each of which has its own series of the key. Keeps a bounded sample of an
 * instance's keys. The hash of a key decides whether it is sampled, so the same keys always give the same sample.
 */

/** Most hashes that are kept: about 1 MiB of memory. */
const mostHashes = 16_384;

/** A key that is in two partitions. */
export interface SharedKey {
  readonly key: string;
  /** The partition in which it came before. */
  readonly other: number;
}

export class KeyPartitions {
  readonly #partitionOf = new Map<number, number>();
  readonly #most: number;
  /** Hashes from here on are left out. */
  #limit = 2 ** 53;
  /** For each partition, the first key found in it that another partition has too; undefined once it was taken. */
  readonly #shared = new Map<number, SharedKey | undefined>();

  constructor(most = mostHashes) {
    this.#most = most;
  }

  /** Takes a key's first event in a partition. */
  add(partition: number, key: string): void {
    const hash = hashOf(key);
    if (hash >= this.#limit) return;
    const other = this.#partitionOf.get(hash);
    if (other === undefined) {
      this.#partitionOf.set(hash, partition);
      while (this.#partitionOf.size > this.#most) this.#halve();
    } else if (other !== partition && !this.#shared.has(partition)) {
      this.#shared.set(partition, { key, other });
    }
  }

  /** The first key of a partition that was found in another partition before, told once. */
  takeShared(partition: number): SharedKey | undefined {
    const shared = this.#shared.get(partition);
    if (shared !== undefined) this.#shared.set(partition, undefined);
    return shared;
  }

  /** Forgets a partition that is read here no more. */
  release(partition: number): void {
    this.#shared.delete(partition);
    for (const [hash, owner] of this.#partitionOf) if (owner === partition) this.#partitionOf.delete(hash);
  }

  /** Keeps the hashes in the lower half of the range (adaptive sampling: Wegman; Flajolet 1990, "On adaptive sampling"). */
  #halve(): void {
    this.#limit /= 2;
    for (const hash of this.#partitionOf.keys()) if (hash >= this.#limit) this.#partitionOf.delete(hash);
  }
}

/** 53 bits of two multiplicative hashes, so that two of a million keys meet once in 10^4 instances. */
function hashOf(key: string): number {
  let high = 0x811c9dc5;
  let low = 0x01000193;
  for (let i = 0; i < key.length; i++) {
    const unit = key.charCodeAt(i);
    high = Math.imul(high ^ unit, 0x9e3779b1);
    low = Math.imul(low ^ unit, 0x85ebca6b);
  }
  high = mix(high ^ (low >>> 15));
  low = mix(low ^ high);
  return (high >>> 11) * 2 ** 32 + (low >>> 0);
}

/** The finalizer of MurmurHash3: every bit of the input reaches every bit of the result. */
function mix(word: number): number {
  let bits = word ^ (word >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
