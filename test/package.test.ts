/** What is published, and what it is made of: the package's files, its lock file, and the images beside it. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(new URL(path, new URL("..", import.meta.url)), "utf8");

interface Manifest {
  readonly engines: { readonly node: string };
  readonly scripts: Readonly<Record<string, string>>;
  readonly publishConfig: Readonly<Record<string, unknown>>;
}

interface Locked {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly inBundle?: boolean;
}

const manifest = JSON.parse(read("package.json")) as Manifest;

describe("the package", () => {
  test("holds what its user needs and nothing else", () => {
    const { stdout, status } = spawnSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: root,
      encoding: "utf8",
    });
    expect(status).toBe(0);
    const [{ files }] = JSON.parse(stdout) as [{ files: { path: string }[] }];
    const wanted = [
      /^(package\.json|LICENSE|README\.md|CHANGELOG\.md|SECURITY\.md)$/,
      /^dist\/.*\.(js|d\.ts|wasm)$/,
      /^dist\/cjs\/package\.json$/,
      /^dist\/page\/.*\.(js|html|css|svg|txt)$/,
      /^docs\/([\w-]+|adr\/[\w-]+)\.md$/,
      /^docs\/images\/[\w-]+\.(png|svg)$/,
      /^examples\/([\w-]+\/)*[\w-]+\.(ts|mjs|html|json|ya?ml|sql|properties|avsc)$/,
      /^config\/(default\.yaml|schema\.json|grafana\/.*\.(json|ya?ml)|prometheus\/.*\.yml)$/,
    ];
    const paths = files.map(({ path }) => path);
    expect(paths.filter((path) => !wanted.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(paths).toContain("dist/cli.js");
    // The README of the package links to its pages.
    const linked = [...read("README.md").matchAll(/\]\((docs\/[\w-]+\.md)/g)].map(([, page]) => page);
    expect(linked.filter((page) => !paths.includes(page!))).toEqual([]);
  });

  test("runs nothing where it is installed, and is published by a build that signs where it came from", () => {
    for (const script of ["preinstall", "install", "postinstall"])
      expect(manifest.scripts).not.toHaveProperty(script);
    expect(manifest.publishConfig).toEqual({ access: "public", provenance: true });
  });

  test("names the versions of Node that CI runs", () => {
    const named = manifest.engines.node.match(/(?<=\^|>=)\d+/g);
    const run = read(".ci/run").match(/(?<=^use_node )\d+|(?<=^for version in )[\d ]+/gm);
    expect(run!.join(" ").split(" ")).toEqual(named);
    expect(read("README.md")).toContain("Node 20.20, 22, 24 or 26.");
  });

  test("is built from packages of the registry alone, each with its checksum", () => {
    const { packages } = JSON.parse(read("package-lock.json")) as { packages: Record<string, Locked> };
    for (const [path, { resolved, integrity, inBundle }] of Object.entries(packages)) {
      if (path === "" || inBundle === true) continue;
      expect(integrity, path).toMatch(/^sha512-/);
      if (resolved !== undefined) expect(resolved, path).toMatch(/^https:\/\/registry\.npmjs\.org\//);
    }
  });
});

describe("images of others", () => {
  interface Compose {
    readonly services: Readonly<Record<string, { readonly image: string }>>;
  }
  const { services } = parse(read("docker-compose.yml"), { merge: true }) as Compose;

  test.each(["kafka", "grafana"])("of %s are pinned by digest", (service) => {
    expect(services[service]!.image).toMatch(/^\$\{\w+:-[\w/]+:[\d.]+@sha256:[0-9a-f]{64}\}$/);
  });

  test("have a version where no digest is known", () => {
    expect(services["prometheus"]!.image).toMatch(/:v\d+\.\d+\.\d+$/);
    expect(read("Dockerfile").match(/^FROM \S+/gm)).toEqual(
      expect.arrayContaining(["FROM ${NODE_IMAGE}", "FROM build", "FROM service"]),
    );
    expect(read("Dockerfile")).toMatch(/^ARG NODE_IMAGE=node:\d+-bookworm-slim$/m);
  });
});
