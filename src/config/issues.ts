/** Describes schema issues with their path; names the new name of a renamed setting and the nearest known name. */
import { refusedText } from "../adapters/kafka/client-options.js";
import { distance } from "fastest-levenshtein";
import type { z } from "zod";
import { renamedText } from "../errors/errors.js";
import { nodeAt, pathText, rangeText, settings, type SettingPath } from "./json-schema.js";
import type { ConfigIssue } from "./yaml.js";

/** The schema's issues as ours; none repeats a value, which may be a secret. */
export function configIssues(error: z.ZodError): readonly ConfigIssue[] {
  return error.issues.flatMap((issue): ConfigIssue[] => {
    const { path } = issue;
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((name) => ({ path: [...path, name], message: unknownText(path, name) }));
    }
    if (issue.code === "custom" || issue.code === "invalid_format") return [{ path, message: issue.message }];
    // A union that has something to say of the value; else the text is zod's own, which is the same for all.
    if (issue.code === "invalid_union" && issue.message !== "Invalid input") {
      return [{ path, message: issue.message }];
    }
    const node = nodeAt(path);
    const expected = node === undefined ? issue.message : `expected ${rangeText(node)}`;
    const missing = issue.message.endsWith("received undefined");
    return [{ path, message: missing ? `missing; ${expected}` : expected }];
  });
}

/** Spelling apart, names are compared: `dead_letters` is deadLetters. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

function unknownText(section: SettingPath, name: string): string {
  const prefix = section.map((part) => `${String(part)}.`).join("");
  const renamed = renamedText(section.length === 0 ? "configuration" : pathText(section), name, prefix);
  if (renamed !== undefined) return renamed;
  const [root, part, ...rest] = section.map(String);
  if (`${root}.${part}` === "kafka.clientOptions") {
    const refused = refusedText(rest.join("."), name, "setting");
    if (refused !== undefined) return refused;
  }
  const suggestion = nearest(section, name);
  return suggestion === undefined ? "unknown setting" : `unknown setting; did you mean ${suggestion}?`;
}

/** The path of the setting that was meant: one of this section spelt like it, or one of this name elsewhere. */
function nearest(section: SettingPath, name: string): string | undefined {
  const written = plain(name);
  const near = Object.keys(nodeAt(section)?.properties ?? {})
    .map((known) => ({ known, edits: distance(plain(known), written) }))
    .filter(({ known, edits }) => edits <= Math.max(1, Math.floor(known.length / 3)))
    .sort((a, b) => a.edits - b.edits)[0];
  if (near !== undefined) return pathText([...section, near.known]);
  const elsewhere = [...settings()].find(([path]) => plain(path.at(-1)!) === written);
  return elsewhere && pathText(elsewhere[0]);
}
