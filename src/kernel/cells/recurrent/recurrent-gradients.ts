/** The gradients that a step sends back through the recurrent weights, in tiles whose sums stay in registers. */
import { flush, mad } from "../../arithmetic";
import { gateGradientBytes, gateGradients, hiddenGradientBytes, hiddenGradients } from "../memory/passes";
import { hiddenBytes } from "../memory/shape";
import { gatesBytes, packedTransposed } from "./layout";

/** Four windows × 8 units: hidden gradients += gate gradients · transposed recurrent weights. */
function hiddenTile(weights: usize, gates: usize, sums: usize): void {
  const end = weights + 8 * gatesBytes;
  const second = sums + hiddenGradientBytes, third = second + hiddenGradientBytes, fourth = third + hiddenGradientBytes;
  let a0 = v128.load(sums), a1 = v128.load(sums, 16);
  let b0 = v128.load(second), b1 = v128.load(second, 16);
  let c0 = v128.load(third), c1 = v128.load(third, 16);
  let d0 = v128.load(fourth), d1 = v128.load(fourth, 16);
  let ga = gates, gb = ga + gateGradientBytes, gc = gb + gateGradientBytes, gd = gc + gateGradientBytes;
  for (; weights < end; weights += 32, ga += 4, gb += 4, gc += 4, gd += 4) {
    const w0 = v128.load(weights), w1 = v128.load(weights, 16);
    const a = v128.load_splat<f32>(ga), b = v128.load_splat<f32>(gb);
    a0 = mad(a, w0, a0);
    a1 = mad(a, w1, a1);
    b0 = mad(b, w0, b0);
    b1 = mad(b, w1, b1);
    const c = v128.load_splat<f32>(gc), d = v128.load_splat<f32>(gd);
    c0 = mad(c, w0, c0);
    c1 = mad(c, w1, c1);
    d0 = mad(d, w0, d0);
    d1 = mad(d, w1, d1);
  }
  v128.store(sums, flush(a0));
  v128.store(sums, flush(a1), 16);
  v128.store(second, flush(b0));
  v128.store(second, flush(b1), 16);
  v128.store(third, flush(c0));
  v128.store(third, flush(c1), 16);
  v128.store(fourth, flush(d0));
  v128.store(fourth, flush(d1), 16);
}

/** Sends the gate gradients of `count` windows (rounded up to fours) back through the recurrent weights. */
export function addRecurrentGradients(count: i32): void {
  let weights = packedTransposed;
  for (let unit: usize = 0; unit < hiddenBytes; unit += 32, weights += 8 * gatesBytes) {
    for (let row: usize = 0; row < <usize>count; row += 4) {
      hiddenTile(
        weights, gateGradients + row * gateGradientBytes, hiddenGradients + row * hiddenGradientBytes +
        unit,
      );
    }
  }
}
