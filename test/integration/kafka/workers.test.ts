// The service with several members of its group in one process, as its operator sees it.
import { afterEach, expect, test } from "vitest";
import { broker, describeWithBroker } from "../../support/broker.js";
import { endChildren } from "../../support/child.js";
import { logged, startService } from "../../support/service.js";
import { quick } from "../../support/streams.js";
import { committed, deployment, produce, type Deployment } from "./deployment.js";

afterEach(endChildren);

const partitions = [0, 1, 2, 3] as const;

const forecastsOf = async ({ topics }: Deployment, count: number): Promise<string[][]> => {
  const records = await broker.readCommitted(topics.forecasts, count);
  return records.map((partition) => partition.map(({ value }) => value!.toString()));
};

describeWithBroker("run --workers", () => {
  test("shares the partitions, and forecasts to the byte what one member does", async () => {
    const single = await deployment(4);
    const shared = await deployment(4);
    for (const settings of [single, shared]) {
      for (const partition of partitions) await produce(settings, partition, 60 + partition);
    }
    const service = startService(shared, { args: ["--workers", "2"] });
    await Promise.all(partitions.map((partition) => committed(service, partition, 60 + partition)));
    expect(await service.end()).toBe(0);
    expect(logged(service, "stopped")).toMatchObject([{ forecasts: 246 }]);
    // One that is taken away before it was taken over is released too.
    const takenOver = logged(service, "taken-over").length;
    expect(logged(service, "released").length).toBeGreaterThanOrEqual(takenOver);

    const one = startService(single);
    await Promise.all(partitions.map((partition) => committed(one, partition, 60 + partition)));
    expect(await one.end()).toBe(0);
    expect(await forecastsOf(shared, 246)).toEqual(await forecastsOf(single, 246));
  }, 90_000);

  test("has one page, one set of metrics and one answer to whether it is ready", async () => {
    const settings = await deployment(4, { server: { enabled: true, port: 0 } });
    const service = startService(settings, { args: ["--workers", "2"] });
    await expect.poll(() => logged(service, "serving"), { timeout: 30_000 }).toHaveLength(1);
    const { url } = logged(service, "serving")[0] as { url: string };
    // A worker that is still joining the group is not ready. What is read before both have joined is counted once more by
    // the worker that takes the partition over.
    await expect.poll(async () => (await fetch(`${url}ready`)).status, { timeout: 60_000 }).toBe(200);
    for (const partition of partitions) await produce(settings, partition, 50);
    await broker.produce(settings.topics.input, 3, [{ key: "bad", value: "no JSON" }]);
    await Promise.all(partitions.map((p) => committed(service, p, p === 3 ? 51 : 50)));
    const read = async (): Promise<string> => (await fetch(`${url}metrics`)).text();
    // A worker's figures reach the page's thread some time after its log.
    await expect.poll(read, { timeout: 30_000 }).toMatch(/^undercurrent_events_total 200$/m);
    const metrics = await read();
    expect(metrics).toMatch(/^undercurrent_keys 12$/m);
    expect(metrics).toMatch(/^undercurrent_partitions\{state="live"\} 4$/m);
    expect(metrics).toMatch(/^undercurrent_rejections_total\{code="RECORD_UNREADABLE"\} 1$/m);
    expect(metrics.match(/^undercurrent_build_info\{.*\} 1$/gm)).toHaveLength(1);
    expect(metrics).toMatch(/^undercurrent_interval_coverage_ratio (?:0\.\d+|1)$/m);

    const events = await fetch(`${url}events`);
    const reader = events.body!.getReader();
    const first = (await reader.read()) as { readonly value: Uint8Array };
    const text = Buffer.from(first.value).toString();
    await reader.cancel();
    expect(text).toContain('"key":"key-0"');
    expect(text).toMatch(/"events":200\b/);
    expect(await service.end()).toBe(0);
  }, 90_000);

  test("compares the candidate with the live model on the page, as one thread does", async () => {
    const compared: unknown[] = [];
    for (const args of [[], ["--workers", "2"]]) {
      const settings = await deployment(1, {
        ...{ model: quick, candidate: { model: { cell: "gru" } } },
        server: { enabled: true, port: 0 },
      });
      await produce(settings, 0, 120);
      const service = startService(settings, { args });
      await committed(service, 0, 120);
      const { url } = logged(service, "serving")[0] as { url: string };
      const read = async (): Promise<Record<"events" | "candidate", unknown>> => {
        const reader = (await fetch(`${url}events`)).body!.getReader();
        const { value } = (await reader.read()) as { readonly value: Uint8Array };
        await reader.cancel();
        const frame = /^data: (.*)$/m.exec(Buffer.from(value).toString())![1]!;
        return (JSON.parse(frame) as { readonly status: Record<"events" | "candidate", unknown> }).status;
      };
      await expect.poll(read, { timeout: 30_000 }).toMatchObject({ events: 120, candidate: { events: 120 } });
      compared.push((await read()).candidate);
      expect(await service.end()).toBe(0);
    }
    expect(compared[0]).toMatchObject({ model: "gru8", skill: expect.any(Number) as number });
    expect(compared[1]).toEqual(compared[0]);
  }, 90_000);

  test("ends with one error and its code where a member fails", async () => {
    const { applicationId, kafka, topics } = await deployment(2);
    const missing = { ...topics, forecasts: broker.name("missing") };
    const service = startService({ applicationId, kafka, topics: missing }, { args: ["--workers", "2"] });
    expect(await service.ended).toBe(2);
    expect(service.err.filter((line) => line.startsWith("error "))).toEqual([
      expect.stringMatching(/^error TOPIC_MISSING: /),
    ]);
  }, 90_000);

  test("refuses a number of workers that is none", async () => {
    const service = startService(await deployment(1), { args: ["--workers", "0"] });
    expect(await service.ended).toBe(2);
    expect(service.err[0]).toMatch(/^error SETTING_INVALID: .*workers/);
  });
});
