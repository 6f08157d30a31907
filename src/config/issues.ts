/** Describes schema issues with their path; names the new name of a renamed setting and the nearest known name. */
import { refusedText } from "../adapters/kafka/client-options.js";
import { distance } from "fastest-levenshtein";
import type { z } from "zod";
import { renamedText } from "../errors/errors.js";
import { nodeAt, pathText, rangeText, settings, type SettingPath } from "./json-schema.js";
import type { ConfigIssue } from "./yaml.js";

type Issue = z.core.$ZodIssue;

/** The schema's issues as ours; none repeats a value, which may be a secret. */
export function configIssues(error: { readonly issues: readonly Issue[] }): readonly ConfigIssue[] {
  return error.issues.flatMap((issue): ConfigIssue[] => {
    const { path } = issue;
    if (issue.code === "invalid_union") {
      const form = likeliestForm(issue.errors);
      const issues = form?.map((one): Issue => ({ ...one, path: [...path, ...one.path] }));
      if (issues !== undefined) return [...configIssues({ issues })];
    }
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((name) => ({ path: [...path, name], message: unknownText(path, name) }));
    }
    if (issue.code === "custom" || issue.code === "invalid_format") return [{ path, message: issue.message }];
    // A union that has something to say of the value; else the text is zod's own, which is the same for all.
    if (issue.code === "invalid_union" && issue.message !== "Invalid input") {
      return [{ path, message: issue.message }];
    }
    if (issue.code === "invalid_value" && !issue.message.startsWith("Invalid ")) {
      return [{ path, message: issue.message }];
    }
    const node = nodeAt(describedPath(path));
    const expected = node === undefined ? ownText(issue) : `expected ${rangeText(node)}`;
    const missing = issue.message.endsWith("received undefined");
    return [{ path, message: missing ? `missing; ${expected}` : expected }];
  });
}

/**
 * Returns the issues of the form that was most likely meant: the one with the fewest issues of those that have every given name,
 * or else of those whose values all have the right type. Undefined where no form is likelier than the others.
 */
export function likeliestForm(forms: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const ofOther: readonly Issue["code"][] = ["invalid_type", "invalid_value", "unrecognized_keys"];
  const ofType: readonly Issue["code"][] = ["invalid_type", "invalid_value", "invalid_union"];
  const named = forms.filter(
    (form) => !form.some(({ path, code }) => path.length === 0 && ofOther.includes(code)),
  );
  const typed = forms.filter((form) => !form.some(({ code }) => ofType.includes(code)));
  const [likeliest, next] = [...(named.length > 0 ? named : typed)].sort((a, b) => a.length - b.length);
  return likeliest?.length === next?.length ? undefined : likeliest;
}

/** What a value in one of several forms may be, whose schema is at no path. */
function ownText(issue: Issue): string {
  if (issue.code !== "invalid_type") return issue.message;
  const names: Readonly<Record<string, string>> = { array: "a list", string: "a text", object: "a section" };
  return `expected ${names[issue.expected] ?? issue.expected}`;
}

/** Where the schema describes a setting: those of `candidate.model` are those of `model`. */
function describedPath(path: SettingPath): SettingPath {
  return path[0] === "candidate" && path[1] === "model" ? path.slice(1) : path;
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
  if (suggestion !== undefined) return `unknown setting; did you mean ${suggestion}?`;
  const known = Object.keys(nodeAt(describedPath(section))?.properties ?? {});
  if (known.length === 0) return "unknown setting";
  return `unknown setting; known here: ${known.join(", ")}`;
}

/** The path of the setting or section that was meant: one of this section spelt like it, or one of this name elsewhere. */
function nearest(section: SettingPath, name: string): string | undefined {
  const written = plain(name);
  const near = Object.keys(nodeAt(describedPath(section))?.properties ?? {})
    .map((known) => ({ known, edits: distance(plain(known), written) }))
    .filter(({ known, edits }) => edits <= Math.max(1, Math.floor((known.length + 1) / 3)))
    .sort((a, b) => a.edits - b.edits)[0];
  if (near !== undefined) return pathText([...section, near.known]);
  for (const [path] of settings()) {
    const depth = path.findIndex((known) => plain(known) === written);
    if (depth >= 0) return pathText(path.slice(0, depth + 1));
  }
  return undefined;
}
