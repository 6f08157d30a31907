import { describe, expect, test } from "vitest";
import { chooseKernel, kernelName, kernelNames } from "../../../src/engine/wasm/kernel.js";

describe("the kernel", () => {
  test("is the fused one where it runs, and the other one everywhere else", () => {
    expect(chooseKernel("", () => true)).toBe("fma");
    expect(chooseKernel("", () => false)).toBe("simd");
  });

  test("is the one that is asked for, so that unlike machines give the same bits", () => {
    expect(chooseKernel("simd", () => true)).toBe("simd");
    expect(chooseKernel("fma", () => true)).toBe("fma");
  });

  test("is refused where it does not run, or there is none of that name", () => {
    expect(() => chooseKernel("fma", () => false)).toThrow(/does not support fma/);
    expect(() => chooseKernel("avx", () => true)).toThrow(/expected simd or fma, found "avx"/);
  });

  test("of this process is one of the two", () => {
    expect(Object.values(kernelNames)).toContain(kernelName());
    // Where both run, the suites are run with each: UNDERCURRENT_KERNEL=simd, and fma.
    if (process.versions.node.startsWith("20.")) expect(kernelName()).toBe(kernelNames.simd);
  });
});
