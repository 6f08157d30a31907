/** Checks for conflicts with other applications: members of the group, writers of the topics. */
import type { Admin } from "kafkajs";
import type { KafkaOptions } from "../options.js";
import { describeWriters, foreignMembers, stateWriters } from "./groups.js";
import type { Finding } from "./lint.js";

/** Findings on the group and the state topic, as their members describe themselves. */
export async function lintMembers(admin: Admin, options: KafkaOptions): Promise<readonly Finding[]> {
  const { applicationId, topics } = options;
  const group = `group ${applicationId}`;
  const findings: Finding[] = [];
  const foreign = await foreignMembers(admin, options);
  if (foreign === undefined) {
    findings.push({ level: "ok", subject: group, message: "has no members with other topics" });
  } else {
    findings.push({ level: "error", code: foreign.code, subject: group, message: foreign.message });
  }
  for (const writers of await stateWriters(admin, topics.state, applicationId)) {
    const message = `is written by ${describeWriters(writers)}`;
    findings.push({ level: "error", code: "STATE_FOREIGN", subject: `topic ${topics.state}`, message });
  }
  return findings;
}

/** Findings on a forecasts topic whose last records name these applications. */
export function lintForecasts(
  { applicationId, topics }: KafkaOptions,
  applications: readonly string[],
): readonly Finding[] {
  const others = applications.filter((name) => name !== applicationId);
  if (others.length === 0) return [];
  const message = `application ${others.join(", ")} writes forecasts to this topic too: only the header undercurrent-application tells them apart`;
  return [{ level: "warning", subject: `topic ${topics.forecasts}`, message }];
}
