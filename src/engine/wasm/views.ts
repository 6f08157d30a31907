/** Shows the buffers of the kernel's memory as typed arrays. */
import type { Kernel } from "./kernel.js";
import type { EngineDescription, StepBuffers, WindowBuffers } from "../port.js";

/** Views of the kernel's memory, valid until it grows. */
export interface Views {
  readonly step: StepBuffers;
  readonly window: WindowBuffers;
  readonly weights: Float32Array;
  readonly firstMoments: Float32Array;
  readonly secondMoments: Float32Array;
  /** The slab of states. */
  readonly states: Float32Array;
}

/** Returns views of all buffers of a shape, with room for `rows` state rows. */
export function viewMemory(kernel: Kernel, shape: EngineDescription, stateRows: number): Views {
  const { buffer } = kernel.memory;
  const floats = (at: { readonly value: number }, length: number) =>
    new Float32Array(buffer, at.value >>> 0, length);
  const integers = (at: { readonly value: number }, length: number) =>
    new Int32Array(buffer, at.value >>> 0, length);
  const { rows, bpttWindows, inputs, skips, symbols = 0 } = shape;
  const windowSteps = shape.bpttSteps * bpttWindows;
  return {
    step: {
      states: integers(kernel.stepStates, rows),
      inputs: floats(kernel.stepInputs, rows * inputs),
      skips: floats(kernel.stepSkips, rows * skips),
      readouts: floats(kernel.stepReadouts, rows),
      ...(symbols > 0 && {
        symbols: integers(kernel.stepSymbols, rows),
        distributions: floats(kernel.stepDistributions, rows * symbols),
      }),
    },
    window: {
      states: integers(kernel.windowStates, bpttWindows),
      inputs: floats(kernel.windowInputs, windowSteps * inputs),
      skips: floats(kernel.windowSkips, windowSteps * skips),
      targets: floats(kernel.windowTargets, windowSteps),
      observed: floats(kernel.windowObserved, windowSteps),
      ...(symbols > 0 && { symbols: integers(kernel.windowSymbols, windowSteps) }),
    },
    weights: floats(kernel.weights, shape.parameters),
    firstMoments: floats(kernel.firstMoments, shape.parameters),
    secondMoments: floats(kernel.secondMoments, shape.parameters),
    states: floats(kernel.slab, stateRows * shape.stateSize),
  };
}
