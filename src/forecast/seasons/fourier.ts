/**
 * Autocorrelations of two real series at once, by the fast Fourier transform (Cooley and Tukey, 1965): one series is the
 * real part, the other the imaginary part. Tables come from square roots alone, so that every host computes the same bits.
 */

/** cos and -sin of the circle's first half in `size / 2` steps. */
interface Table {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

const tables = new Map<number, Table>();

/** The table of a power of two, made on first use: halves of angles by the half-angle formula, sums by products. */
function tableOf(size: number): Table {
  const known = tables.get(size);
  if (known !== undefined) return known;
  const half = size / 2;
  const cos = new Float64Array(half);
  const sin = new Float64Array(half);
  cos[0] = 1;
  // A quarter turn first, then its halves.
  let c = 0;
  let s = 1;
  for (let step = half / 2; step >= 1; step /= 2) {
    cos[step] = c;
    sin[step] = -s;
    const nextC = Math.sqrt((1 + c) / 2);
    s = s / (2 * nextC);
    c = nextC;
  }
  for (let i = 3; i < half; i++) {
    const low = i & -i;
    if (low === i) continue;
    const rest = i - low;
    cos[i] = cos[rest]! * cos[low]! - sin[rest]! * sin[low]!;
    sin[i] = cos[rest]! * sin[low]! + sin[rest]! * cos[low]!;
  }
  const table = { cos, sin };
  tables.set(size, table);
  return table;
}

/** Transforms a complex series in place; its length is a power of two. */
function transform(real: Float64Array, imaginary: Float64Array, size: number): void {
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; (j & bit) !== 0; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      const r = real[i]!;
      real[i] = real[j]!;
      real[j] = r;
      const m = imaginary[i]!;
      imaginary[i] = imaginary[j]!;
      imaginary[j] = m;
    }
  }
  const { cos, sin } = tableOf(size);
  for (let half = 1; half < size; half *= 2) {
    const stride = size / (2 * half);
    for (let begin = 0; begin < size; begin += 2 * half) {
      for (let k = 0; k < half; k++) {
        const c = cos[k * stride]!;
        const s = sin[k * stride]!;
        const a = begin + k;
        const b = a + half;
        const r = real[b]! * c - imaginary[b]! * s;
        const m = real[b]! * s + imaginary[b]! * c;
        real[b] = real[a]! - r;
        imaginary[b] = imaginary[a]! - m;
        real[a] = real[a]! + r;
        imaginary[a] = imaginary[a]! + m;
      }
    }
  }
}

/**
 * Replaces two series by their autocorrelations: element τ becomes the sum of x(t) x(t - τ). `size` is a power of two;
 * lags up to `size` less the length of the series are right where zeros follow the series.
 */
export function autocorrelate(first: Float64Array, second: Float64Array, size: number): void {
  transform(first, second, size);
  // The spectra of both, apart again: their powers are real and even, and so are the transforms of these.
  for (let k = 0; k <= size / 2; k++) {
    const mirror = k === 0 ? 0 : size - k;
    const evenReal = (first[k]! + first[mirror]!) / 2;
    const oddImaginary = (second[k]! - second[mirror]!) / 2;
    const evenImaginary = (second[k]! + second[mirror]!) / 2;
    const oddReal = (first[mirror]! - first[k]!) / 2;
    const powerOfFirst = (evenReal * evenReal + oddImaginary * oddImaginary) / size;
    const powerOfSecond = (evenImaginary * evenImaginary + oddReal * oddReal) / size;
    first[k] = first[mirror] = powerOfFirst;
    second[k] = second[mirror] = powerOfSecond;
  }
  transform(first, second, size);
}
