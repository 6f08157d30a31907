// The Helm chart: what it renders, read by a YAML parser, and the configuration that it gives to the service.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { Deployment } from "kubernetes-models/apps/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { ConfigMap, Service, ServiceAccount } from "kubernetes-models/v1";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { parseConfig } from "../../src/config/load.js";
import type { Config } from "../../src/config/schema.js";
import { read, root } from "../support/pages.js";

const chart = "deploy/helm/undercurrent";
const example = "deploy/helm/production.yaml";
const rendered = "deploy/kubernetes/pumps.yaml";

/** As `go install` leaves it, where it is not in the path. */
const helms = ["helm", join(homedir(), "go", "bin", "helm")];
const helm = helms.find((path) =>
  path === "helm" ? spawnSync(path, ["version"]).error === undefined : existsSync(path),
);
if (helm === undefined) {
  console.warn("SKIPPED: helm on the chart; install it: go install helm.sh/helm/v3/cmd/helm@v3.22.0");
}

interface Container {
  readonly readinessProbe: { readonly httpGet: object };
  readonly livenessProbe: { readonly httpGet: object };
  readonly securityContext: object;
  readonly resources: { readonly requests?: object };
  readonly volumeMounts: readonly { readonly name: string }[];
}

/** What the tests read of the specifications of all kinds. */
interface Spec {
  readonly replicas?: number;
  readonly strategy: { readonly rollingUpdate: object };
  readonly selector: { readonly matchLabels: object };
  readonly template: {
    readonly metadata: { readonly labels: object; readonly annotations?: Readonly<Record<string, string>> };
    readonly spec: {
      readonly securityContext: object;
      readonly containers: readonly Container[];
      readonly volumes: readonly { readonly name: string }[];
    };
  };
  readonly maxReplicaCount: number;
  readonly triggers: readonly { readonly metadata: object }[];
}

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec: Spec;
}

const manifestsOf = (text: string): Manifest[] =>
  parseAllDocuments(text)
    .map((document) => {
      expect(document.errors).toEqual([]);
      return document.toJS() as Manifest | null;
    })
    .filter((manifest) => manifest !== null);

const of = (manifests: readonly Manifest[], kind: string): Manifest =>
  manifests.find((manifest) => manifest.kind === kind)!;

function configOf(manifests: readonly Manifest[]): Config {
  const environment = { KAFKA_PASSWORD: "secret", UNDERCURRENT_TOKEN: "correct-horse-battery" };
  return parseConfig(of(manifests, "ConfigMap").data!["config.yaml"]!, environment).settings;
}

/** Renders the chart. */
function template(...args: readonly string[]): Manifest[] {
  const all = ["template", "pumps", chart, "--kube-version", "1.30.0", ...args];
  return manifestsOf(
    execFileSync(helm!, all, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
  );
}

/** The schemas of Kubernetes, of KEDA and of the Prometheus operator. */
const models = {
  ConfigMap,
  Deployment,
  PodDisruptionBudget,
  ScaledObject,
  Service,
  ServiceAccount,
  ServiceMonitor,
};

/** Throws where a manifest has a wrong type, or lacks what its schema asks for. */
function validate(manifest: Manifest): void {
  const Model = models[manifest.kind as keyof typeof models];
  new Model(manifest as never).validate();
}

test("a manifest with a wrong type is none", () => {
  const deployment = of(manifestsOf(read(rendered)), "Deployment");
  const spec = { ...deployment.spec, replicas: "two" as unknown as number };
  expect(() => validate({ ...deployment, spec })).toThrow("data/spec/replicas must be integer");
});

/** What holds for every rendering. */
function expectSound(manifests: readonly Manifest[]): void {
  for (const manifest of manifests) expect(() => validate(manifest), manifest.kind).not.toThrow();
  const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(new Set(names).size).toBe(names.length);
  const { spec } = of(manifests, "Deployment");
  const { labels } = spec.template.metadata;
  for (const selector of [spec.selector.matchLabels, of(manifests, "Service").spec.selector]) {
    expect(labels).toMatchObject(selector);
  }
  const container = spec.template.spec.containers[0]!;
  expect(container.readinessProbe.httpGet).toEqual({ path: "/ready", port: "http" });
  expect(container.livenessProbe.httpGet).toEqual({ path: "/live", port: "http" });
  expect(spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  expect(spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  });
  expect(container.resources.requests).toBeDefined();
  const volumes = spec.template.spec.volumes.map(({ name }) => name);
  for (const { name } of container.volumeMounts) expect(volumes).toContain(name);
  expect(configOf(manifests).server).toMatchObject({ enabled: true, host: "0.0.0.0", port: 7070 });
}

test("the manifests of the example are sound, and its configuration is one", () => {
  const manifests = manifestsOf(read(rendered));
  expect(manifests.map(({ kind }) => kind).sort()).toEqual([
    "ConfigMap",
    "Deployment",
    "PodDisruptionBudget",
    "ScaledObject",
    "Service",
    "ServiceAccount",
    "ServiceMonitor",
  ]);
  expectSound(manifests);
  const { applicationId, kafka, server, topics } = configOf(manifests);
  expect(kafka.sasl).toMatchObject({ password: "secret" });
  expect(server.token).toBe("correct-horse-battery");
  const trigger = of(manifests, "ScaledObject").spec.triggers[0]!;
  expect(trigger.metadata).toMatchObject({
    consumerGroup: applicationId,
    topic: topics.input,
    allowIdleConsumers: "false",
  });
  expect(of(manifests, "ScaledObject").spec.maxReplicaCount).toBe(12);
  // KEDA decides how many pods there are.
  expect(of(manifests, "Deployment").spec.replicas).toBeUndefined();
  expect(read(rendered)).not.toContain("secret\n");
});

test("the values and their schema name the same things, and the default configuration is one", () => {
  const values = parse(read(`${chart}/values.yaml`)) as Record<string, object>;
  const schema = JSON.parse(read(`${chart}/values.schema.json`)) as { readonly properties: object };
  expect([...Object.keys(values), "global"].sort()).toEqual(Object.keys(schema.properties).sort());
  expect(() => parseConfig(JSON.stringify(values["config"]), {})).not.toThrow();
  const { version } = JSON.parse(read("package.json")) as { readonly version: string };
  expect(parse(read(`${chart}/Chart.yaml`))).toMatchObject({ appVersion: version });
});

describe.skipIf(helm === undefined)("helm", () => {
  test("finds nothing wrong with the chart", () => {
    const lint = ["lint", "--strict", "--kube-version", "1.30.0", chart, "-f", example];
    expect(execFileSync(helm!, lint, { cwd: root, encoding: "utf8" })).toContain("0 chart(s) failed");
  });

  test("renders the manifests of the example as they are in the repository", () => {
    expect(manifestsOf(read(rendered))).toEqual(template("-f", example));
  });

  test("renders sound manifests from the defaults, without what is off", () => {
    const manifests = template();
    expectSound(manifests);
    expect(manifests.map(({ kind }) => kind)).not.toContain("ScaledObject");
    expect(manifests.map(({ kind }) => kind)).not.toContain("ServiceMonitor");
    expect(of(manifests, "Deployment").spec.replicas).toBe(2);
    expect(configOf(manifests).server.token).toBeUndefined();
  });

  test("replaces the pods when the configuration changes, unless that is reloaded", () => {
    const sum = (...args: string[]): unknown =>
      of(template(...args), "Deployment").spec.template.metadata.annotations?.["checksum/config"];
    const before = sum();
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(sum("--set", "replicas=5")).toBe(before);
    expect(sum("--set", "config.log.level=debug")).not.toBe(before);
    expect(sum("--set", "rollOnConfigChange=false")).toBeUndefined();
  });

  test("caps the members at the partitions, whatever the workers of a pod", () => {
    const most = (workers: number): unknown => {
      const set = `workers=${workers},autoscaling.enabled=true,autoscaling.partitions=6`;
      return of(template("--set", set), "ScaledObject").spec.maxReplicaCount;
    };
    expect([1, 4, 8].map(most)).toEqual([6, 2, 1]);
  });

  test("refuses values that the chart does not know, and the section that it writes itself", () => {
    for (const wrong of ["replica=2", "config.server.port=1", "server.host=a", "workers=0"]) {
      const { status, stderr } = spawnSync(
        helm!,
        ["template", "pumps", chart, "--kube-version", "1.30.0", "--set", wrong],
        {
          cwd: root,
          encoding: "utf8",
        },
      );
      expect([wrong, status]).toEqual([wrong, 1]);
      expect(stderr).toContain("values don't meet the specifications");
    }
  });
});
