/** What of other applications gets in the way of this one: members of its group, writers of its topics. */
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
  const message = `application ${others.join(", ")} writes forecasts into it too: a consumer gets them beside this one's, and tells them apart by the header undercurrent-application alone`;
  return [{ level: "warning", subject: `topic ${topics.forecasts}`, message }];
}
