/** Replaces what is at a path of a document, in place. */

/**
 * Replaces what is at the path by what `replacement` returns for it. Walks through arrays on the way and at the end, but
 * through no array that is an item of one: their depth is the sender's choice.
 */
export function replaceAt(
  within: unknown,
  names: readonly string[],
  replacement: (found: unknown) => unknown,
  depth = 0,
): void {
  if (Array.isArray(within)) {
    for (const item of within as readonly unknown[]) {
      if (!Array.isArray(item)) replaceAt(item, names, replacement, depth);
    }
    return;
  }
  const name = names[depth];
  if (name === undefined || name === "__proto__" || typeof within !== "object" || within === null) return;
  if (!Object.hasOwn(within, name)) return;
  const members = within as Record<string, unknown>;
  const found = members[name];
  if (depth < names.length - 1) replaceAt(found, names, replacement, depth + 1);
  else members[name] = Array.isArray(found) ? found.map((item) => replacement(item)) : replacement(found);
}
