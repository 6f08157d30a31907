/** Sizes of the cells that see their last n inputs instead of a state of their own making; n is the window's steps. */

export const WINDOW: i32 = 3;
export const CONV: i32 = 4;
export const ATTENTION: i32 = 5;

/** Inputs in a row that conv's filters see; fewer where n is. */
const FILTER: i32 = 4;

/** The ring of a row: n inputs, the oldest first. */
export let contextBytes: usize = 0;

/** Of conv: what a filter sees, the places it is applied at, the filters, and all of their outputs. */
export let patchBytes: usize = 0;
export let places: i32 = 0;
export let channelsBytes: usize = 0;
export let featuresBytes: usize = 0;

/** Of attention: a weight for each input of the ring, and a row of I numbers, both filled up to fours. */
export let sharesBytes: usize = 0;
export let mixBytes: usize = 0;

/** Where the weights before the bias of h start: conv's biases and dense layer; attention's biases of the lags. */
export let channelBiasAt: usize = 0;
export let denseAt: usize = 0;
export let lagsAt: usize = 0;

/** Whether this cell is one of them. */
export function hasContext(cell: i32): bool {
  return cell >= WINDOW;
}

/** Measures for a shape; returns the bytes of all weights before the bias of h. */
export function measureContext(cell: i32, inputs: i32, hidden: i32, n: i32): usize {
  const inputsBytes = <usize>inputs << 2, hiddenBytes = <usize>hidden << 2;
  contextBytes = <usize>n * inputsBytes;
  const filter = min(FILTER, n);
  patchBytes = <usize>filter * inputsBytes;
  places = n - filter + 1;
  channelsBytes = ((hiddenBytes >> 2) + 15) & ~(<usize>15);
  featuresBytes = <usize>places * channelsBytes;
  sharesBytes = (((<usize>n) << 2) + 15) & ~(<usize>15);
  mixBytes = (inputsBytes + 15) & ~(<usize>15);
  if (cell == WINDOW) return <usize>n * <usize>inputs * hiddenBytes;
  if (cell == CONV) {
    channelBiasAt = (patchBytes >> 2) * channelsBytes;
    denseAt = channelBiasAt + channelsBytes;
    return denseAt + (featuresBytes >> 2) * hiddenBytes;
  }
  lagsAt = <usize>inputs * 4 * hiddenBytes;
  return lagsAt + (<usize>n << 2);
}

/** What the backward pass is kept of a row; of attention the query, the shares and the mix of the inputs. */
export function keptContextBytes(cell: i32, hiddenBytes: usize): usize {
  if (cell == WINDOW) return 0;
  return cell == CONV ? featuresBytes : hiddenBytes + sharesBytes + mixBytes;
}

/** The gradients of a row: of h, then of conv's filters, or of attention's query and of a mix. */
export function contextGradientBytes(cell: i32, hiddenBytes: usize): usize {
  if (cell == WINDOW) return hiddenBytes;
  return cell == CONV ? hiddenBytes + featuresBytes : 2 * hiddenBytes + mixBytes;
}

/** Matrices that are needed transposed: conv's dense layer; attention's keys and values. */
export function transposedBytes(cell: i32, hidden: i32): usize {
  if (cell == WINDOW) return 0;
  return <usize>hidden * (cell == CONV ? featuresBytes : 2 * mixBytes);
}
