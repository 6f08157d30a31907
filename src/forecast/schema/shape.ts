/**
 * Checks settings by shapes, which `npm run generate` makes from the schemas. So programs load no validation library. The
 * results are those of the schemas.
 */

/** What a setting takes. Members are in the order of the schema, which is also that of the settings. */
export type Shape = Rule & {
  readonly isOptional?: true;
  /** The value in place of `undefined`. */
  readonly default?: unknown;
  /** The same, checked as if it had been given. */
  readonly prefault?: unknown;
  /** What else must hold, with the text of the error. */
  readonly refinements?: readonly (readonly [(value: never) => boolean, string])[];
};

type Rule =
  | NumberRule
  | { readonly type: "boolean" }
  | { readonly type: "choice"; readonly values: readonly unknown[] }
  | TextRule
  | { readonly type: "list"; readonly items: Shape; readonly min?: number; readonly max?: number }
  | { readonly type: "object"; readonly members: Readonly<Record<string, Shape>> }
  | { readonly type: "union"; readonly forms: readonly Shape[] };

interface TextRule {
  readonly type: "text";
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: RegExp;
  /** What is told of a text that the pattern does not fit. */
  readonly patternText?: string;
}

interface NumberRule {
  readonly type: "number";
  readonly isWhole?: true;
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
  readonly multipleOf?: number;
}

/** What is wrong with a setting. */
export interface Issue {
  readonly path: readonly string[];
  /** The text of a refinement; undefined where the range says what was expected. */
  readonly message?: string;
  /** What the value itself may be, for settings without a range of their own, such as those in a list. */
  readonly expected?: string | undefined;
  /** The name of an option that does not exist. */
  readonly unknown?: string;
  /** Whether the value has another type than the shape, so that nothing else is asked of it. */
  readonly isFatal: boolean;
}

/** Returns the value with its defaults, and what is wrong first. */
export function check(shape: Shape, value: unknown): { readonly value: unknown; readonly issue?: Issue } {
  const issues: Issue[] = [];
  const settings = read(shape, value, [], issues);
  return issues.length === 0 ? { value: settings } : { value: undefined, issue: issues[0]! };
}

function read(shape: Shape, given: unknown, path: readonly string[], issues: Issue[]): unknown {
  const isAbsent = given === undefined;
  if (isAbsent && shape.isOptional === true) return undefined;
  if (isAbsent && shape.default !== undefined) return copyOf(shape.default);
  const own: Issue[] = [];
  const value = readRule(shape, isAbsent ? shape.prefault : given, path, own);
  for (const [holds, message] of own.length > 0 ? [] : (shape.refinements ?? [])) {
    if (!holds(value as never)) own.push({ path, message, isFatal: false });
  }
  issues.push(...own);
  return value;
}

const copyOf = (value: unknown): unknown => (Array.isArray(value) ? [...(value as unknown[])] : value);

function readRule(rule: Rule, value: unknown, path: readonly string[], issues: Issue[]): unknown {
  const refuse = (isFatal: boolean, expected?: string): void => {
    issues.push({ path, isFatal, expected });
  };
  switch (rule.type) {
    case "number":
      if (!Number.isFinite(value) || (rule.isWhole === true && !Number.isInteger(value))) refuse(true);
      else if (!isInRange(rule, value as number)) refuse(false);
      return value;
    case "boolean":
      if (typeof value !== "boolean") refuse(true);
      return value;
    case "choice":
      if (!rule.values.includes(value)) refuse(true, `expected ${rule.values.join(" | ")}`);
      return value;
    case "text":
      if (typeof value !== "string") refuse(true, "expected a text");
      else if (!hasLength(rule, value.length)) refuse(false);
      else if (rule.pattern?.test(value) === false) refuse(false, rule.patternText);
      return value;
    case "list":
      if (Array.isArray(value)) return readItems(rule, value, path, issues);
      refuse(true, "expected a list");
      return value;
    case "object":
      if (isObject(value)) return readMembers(rule.members, value, path, issues);
      refuse(true);
      return value;
    case "union":
      return readForms(rule.forms, value, path, issues);
  }
}

function isInRange({ isWhole, min, max, above, below, multipleOf }: NumberRule, value: number): boolean {
  return (
    (isWhole !== true || Number.isSafeInteger(value)) &&
    (min === undefined || value >= min) &&
    (max === undefined || value <= max) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below) &&
    (multipleOf === undefined || value % multipleOf === 0)
  );
}

const hasLength = ({ min = 0, max = Infinity }: { min?: number; max?: number }, length: number): boolean =>
  length >= min && length <= max;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function readItems(
  rule: Rule & { readonly type: "list" },
  given: readonly unknown[],
  path: readonly string[],
  issues: Issue[],
): unknown[] {
  const list = given.map((item, i) => read(rule.items, item, [...path, String(i)], issues));
  if (!hasLength(rule, list.length)) issues.push({ path, isFatal: false });
  return list;
}

function readMembers(
  members: Readonly<Record<string, Shape>>,
  given: Readonly<Record<string, unknown>>,
  path: readonly string[],
  issues: Issue[],
): object {
  const settings: Record<string, unknown> = {};
  for (const [name, shape] of Object.entries(members)) {
    const value = read(shape, given[name], [...path, name], issues);
    if (value !== undefined || name in given) settings[name] = value;
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(members, name));
  if (unknown !== undefined) issues.push({ path, unknown, isFatal: false });
  return settings;
}

/**
 * Takes the first form that fits. Else the issues of the likeliest form are told: the one with the fewest issues of those that
 * have every given name, or else of those whose values all have the right type.
 */
function readForms(
  forms: readonly Shape[],
  given: unknown,
  path: readonly string[],
  issues: Issue[],
): unknown {
  const tried: { readonly value: unknown; readonly own: Issue[] }[] = [];
  for (const form of forms) {
    const own: Issue[] = [];
    const value = read(form, given, path, own);
    if (own.length === 0) return value;
    tried.push({ value, own });
  }
  const isOf = (issue: Issue): boolean => issue.path.length === path.length;
  const named = tried.filter(
    ({ own }) => !own.some((issue) => isOf(issue) && (issue.isFatal || issue.unknown !== undefined)),
  );
  const typed = tried.filter(({ own }) => !own.some(({ isFatal }) => isFatal));
  const [first, next] = [...(named.length > 0 ? named : typed)].sort((a, b) => a.own.length - b.own.length);
  const likeliest = first?.own.length === next?.own.length ? undefined : first;
  if (likeliest === undefined) {
    issues.push({ path, isFatal: true });
    return undefined;
  }
  issues.push(...likeliest.own);
  return likeliest.value;
}
