import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));

test("the zone of the host changes no byte, not even where its clocks are set forward or back", () => {
  // In New York, 02:00 to 02:59 are left out on the first day, and 01:00 to 01:59 come twice on the second.
  const times = ["2026-03-08", "2026-11-01"].flatMap((date) =>
    Array.from({ length: 16 }, (_, i) => {
      const at = `${String(i >> 2).padStart(2, "0")}:${String(15 * (i & 3)).padStart(2, "0")}`;
      return `${date} ${at}:00`;
    }),
  );
  const input = times.map((time, i) => JSON.stringify({ key: "a", time, value: i % 3 })).join("\n");
  const outIn = (zone: string): string => {
    const env = { ...process.env, TZ: zone };
    const { stdout, stderr } = spawnSync(process.execPath, [cli, "pipe"], { input, encoding: "utf8", env });
    expect(stderr).not.toContain("TIME_INVALID");
    return stdout;
  };
  const [utc, newYork] = [outIn("UTC"), outIn("America/New_York")];
  expect(newYork).toBe(utc);
  const first = JSON.parse(utc.slice(0, utc.indexOf("\n"))) as { readonly time: string };
  expect(first.time).toBe("2026-03-08T00:00:00.000Z");
  expect(utc.trim().split("\n")).toHaveLength(times.length);
});
