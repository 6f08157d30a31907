/** YAML is data: nothing that a configuration says is run, made into an object of a class, or reaches a prototype. */
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { parseConfig } from "../../src/config/load.js";
import { parseYaml } from "../../src/config/yaml.js";
import { UndercurrentError } from "../../src/errors/errors.js";

const ran = (): boolean => Reflect.has(globalThis, "yamlRan");
afterEach(() => Reflect.deleteProperty(globalThis, "yamlRan"));

/** What makes YAML readers of several languages run code, each as the name of an application. */
const attempts = [
  "!!js/function 'function () { globalThis.yamlRan = true; return \"x\" }'",
  "!!js/function |\n  () => { globalThis.yamlRan = true }",
  "!<tag:yaml.org,2002:js/function> 'globalThis.yamlRan = true'",
  "!!js/eval globalThis.yamlRan = true",
  "!!js/regexp /x/e",
  "!!js/undefined ''",
  "!!python/object/apply:os.system ['touch /tmp/yamlRan']",
  "!!python/object/new:type { args: [x, [], {}] }",
  "!!javax.script.ScriptEngineManager [!!java.net.URLClassLoader [[!!java.net.URL ['http://127.0.0.1/']]]]",
  "!ruby/object:Gem::Installer { i: x }",
  "!include /etc/passwd",
  "!!binary Z2xvYmFsVGhpcy55YW1sUmFuPTE=",
  "!!set { a, b }",
  "!!timestamp 2026-01-01",
  "!env PATH",
];

test.each(attempts)("refused, and not run: applicationId: %s", (attempt) => {
  const text = `applicationId: ${attempt}`;
  const { value, issues } = parseYaml(text);
  expect(value).toBeUndefined();
  expect(issues.length).toBeGreaterThan(0);
  expect(() => parseConfig(text, {})).toThrow(UndercurrentError);
  expect(ran()).toBe(false);
});

test.each([
  "__proto__: { polluted: yes }",
  "constructor: { prototype: { polluted: yes } }",
  "kafka: { __proto__: { polluted: yes } }",
])("a name of JavaScript's own is a name like others: %s", (text) => {
  expect(() => parseConfig(text, {})).toThrow(expect.objectContaining({ code: "SETTING_INVALID" }) as Error);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("a laugh that doubles with every alias is refused before it fills the memory", () => {
  const levels = Array.from({ length: 40 }, (_, i) => `l${i + 1}: &l${i + 1} [*l${i}, *l${i}]`);
  const text = ["l0: &l0 [x, x]", ...levels].join("\n");
  expect(parseYaml(text).issues[0]?.message).toMatch(/aliases or nesting exceed the limits/);
});

test("whatever the text, there are plain values or issues, and nothing else", () => {
  const pieces = fc.constantFrom(
    "a",
    ": ",
    "- ",
    "!!js/function ",
    "&a ",
    "*a",
    "<<: ",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "  ",
    "'",
    '"',
    "|\n",
    "? ",
    "%TAG ! x\n",
    "---\n",
    "0x1f",
    "~",
    "${A}",
  );
  // Found by chance.
  for (const text of ["&a \n<<: *a", "&a {x: [*a]}", "&a [1, *a]"]) {
    expect(parseYaml(text)).toMatchObject({ value: undefined, issues: [{ path: [] }] });
  }
  expect(parseYaml("a: &a [1]\nb: *a\nc: {d: *a}").value).toEqual({ a: [1], b: [1], c: { d: [1] } });
  const plain = (value: unknown): boolean =>
    value === null ||
    ["string", "number", "boolean", "bigint", "undefined"].includes(typeof value) ||
    (Array.isArray(value) && value.every(plain)) ||
    (typeof value === "object" &&
      Object.getPrototypeOf(value) === Object.prototype &&
      Object.values(value).every(plain));
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      const { value, issues } = parseYaml(parts.join(""));
      return issues.length > 0 ? value === undefined : plain(value);
    }),
    { numRuns: 2000 },
  );
  expect(ran()).toBe(false);
});
