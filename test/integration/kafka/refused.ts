// How a service ends that the brokers turned away.
import { expect } from "vitest";
import type { Child } from "../../support/child.js";
import { logged } from "../../support/service.js";

/** The service ended by itself: with this code, what went on before in few lines, and nothing tried anew. */
export async function expectEnd(service: Child, code: string, message: RegExp): Promise<void> {
  expect(await service.ended).toBe(6);
  const errors = service.err.filter((line) => !line.startsWith("{"));
  expect(errors).toHaveLength(3);
  expect(errors[0]).toMatch(new RegExp(`^error ${code}: .*${message.source}`));
  expect(errors[1]).toBe("  data: Everything that was committed stays; nothing else was written.");
  expect(errors[2]).toMatch(/^ {2}next: \w/);
  expect(logged(service, "restarting")).toEqual([]);
  // One transaction after the other meets what passes in milliseconds, whoever is let in.
  const warnings = logged(service, "kafka").filter(
    ({ level, msg }) => level === "warn" && !String(msg).includes("concurrent operation"),
  );
  expect(warnings.length).toBeLessThan(6);
}
