/** The pages of the repository, and its files by their path from the root. */
import { existsSync, readdirSync, readFileSync } from "node:fs";

export const root = new URL("../..", import.meta.url);

export const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

export const exists = (path: string): boolean => existsSync(new URL(path, root));

export const pages: readonly string[] = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md"],
  ...readdirSync(new URL("docs/", root), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => `docs/${path}`)
    .sort(),
];
