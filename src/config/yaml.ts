/** Parses YAML as plain data: one document, no tags, limited aliases, and the line of each setting. */
import { isMap, isNode, isPair, isScalar, LineCounter, parseDocument, type YAMLError } from "yaml";
import type { SettingPath } from "./json-schema.js";

/** What is wrong with a setting, or with the whole text if the path is empty. */
export interface ConfigIssue {
  readonly path: SettingPath;
  readonly message: string;
  /** Line of the file, from 1 on. */
  readonly line?: number | undefined;
}

export interface YamlText {
  readonly value: unknown;
  readonly issues: readonly ConfigIssue[];
  /** Line of a setting, or of the section around it. */
  lineOf(path: SettingPath): number | undefined;
}

/** A configuration has about a hundred lines; a much longer text is not one. */
const longest = 1_048_576;

const mostIssues = 3;

/** Where the parser's own message would repeat text of the file, which may be a secret. */
const plainMessages: Partial<Record<YAMLError["code"], string>> = {
  BAD_ALIAS: "Invalid alias",
  BAD_DIRECTIVE: "Directives are not supported",
  BAD_DQ_ESCAPE: "Invalid escape sequence",
  MULTIPLE_DOCS: "Only one document is allowed",
  RESOURCE_EXHAUSTION: "The nesting is too deep",
  TAG_RESOLVE_FAILED: "Tags are not supported",
  UNEXPECTED_TOKEN: "Unexpected text",
};

/** Parses YAML. Nothing of its text but names of settings gets into an issue. */
export function parseYaml(text: string): YamlText {
  if (text.length > longest) return broken(`The file has more than ${longest} characters`);
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: false,
    prettyErrors: false,
    resolveKnownTags: false,
    schema: "core",
    stringKeys: true,
  });
  // One error in the syntax brings others about, up to one for each bracket.
  const issues = [...document.errors, ...document.warnings].slice(0, mostIssues).map((error): ConfigIssue => {
    return {
      path: [],
      message: plainMessages[error.code] ?? error.message,
      line: lines.linePos(error.pos[0]).line,
    };
  });
  if (issues.length > 0) return { value: undefined, issues, lineOf: () => undefined };
  try {
    // Above this number of values by aliases the library assumes an attack and throws.
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    if (containsItself(value)) return broken("An alias refers to a value around it");
    const lineOf = (path: SettingPath): number | undefined => {
      const start = startOf(document.contents, path);
      return start === undefined ? undefined : lines.linePos(start).line;
    };
    return { value, issues, lineOf };
  } catch {
    return broken("An alias has no anchor before it, or aliases or nesting exceed the limits");
  }
}

/** Whether a value is within itself, by an alias of an anchor around it. */
function containsItself(
  value: unknown,
  around: ReadonlySet<unknown> = new Set(),
  known = new Set<unknown>(),
): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (around.has(value)) return true;
  if (known.has(value)) return false;
  const within = new Set([...around, value]);
  const found = Object.values(value).some((each) => containsItself(each, within, known));
  known.add(value);
  return found;
}

function broken(message: string): YamlText {
  return { value: undefined, issues: [{ path: [], message }], lineOf: () => undefined };
}

/** Where the deepest part of a path that is in the text begins. */
function startOf(root: unknown, path: SettingPath): number | undefined {
  let node = root;
  let start: number | undefined;
  for (const step of path) {
    if (!isNode(node) || !("items" in node)) break;
    const { items } = node;
    const found: unknown = isMap(node)
      ? node.items.find(({ key }) => (isScalar(key) ? String(key.value) : undefined) === String(step))
      : items[Number(step)];
    if (found === undefined) break;
    const at = isPair(found) ? found.key : found;
    if (isNode(at)) start = at.range?.[0] ?? start;
    node = isPair(found) ? found.value : found;
  }
  return start;
}
