/**
 * Turns a key's arrays of formats 2 to 6 into those of this release. Their row of singles ends before how values go on after
 * those that were set aside: nothing is known of that, as of a new key.
 */
import { number, type KeyLayout } from "../keys/layout.js";
import { convertHorizons, type CurrentHorizons } from "./older-horizons.js";
import { corrupt } from "./record.js";
import type { KeyConversion } from "./snapshot.js";

/** @param horizons Undefined where keys keep nothing for further steps. */
export function olderFormat(
  format: number,
  layout: KeyLayout,
  horizons: CurrentHorizons | undefined,
): KeyConversion {
  const convertSingles = (singles: Float32Array): Float32Array => withFar(singles, layout);
  return {
    convertSingles,
    convert(state) {
      const converted = { ...state, f32: convertSingles(state.f32) };
      if (horizons === undefined || state.horizons === undefined) return converted;
      const count = state.f64[number.count]!;
      return { ...converted, horizons: convertHorizons(state.horizons, count, format, horizons) };
    },
  };
}

function withFar(singles: Float32Array, { far, f32Size }: KeyLayout): Float32Array {
  if (singles.length !== far) throw corrupt("an array has the wrong length");
  const f32 = new Float32Array(f32Size);
  f32.set(singles);
  return f32;
}
