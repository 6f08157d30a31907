/** The server of the live page, asked with real requests: what it answers, to whom, and what it never holds. */
import { get } from "node:http";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { Counter, Registry } from "prom-client";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { LiveView, serve, type LiveServer } from "../../../src/adapters/web/index.js";
import type { ServeOptions } from "../../../src/adapters/web/server.js";
import type { Frame } from "../../../src/adapters/web/wire.js";
import { uniformBatch } from "../../contracts/telemetry.js";
import { openEvents, statusOf } from "./http.js";
import { buildPage } from "./page-built.js";
import { demoLikeSeries, SyntheticForecasts } from "./synthetic.js";

interface Started {
  readonly server: LiveServer;
  readonly view: LiveView;
  readonly forecasts: SyntheticForecasts;
}

const running: LiveServer[] = [];
beforeAll(buildPage);
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

async function start(
  options: Partial<Pick<ServeOptions, "host" | "port" | "period" | "ready" | "token" | "view">> = {},
): Promise<Started> {
  const view = new LiveView({ model: "gru32", level: 0.9, now: () => 0 });
  const forecasts = new SyntheticForecasts(demoLikeSeries);
  view.forecasts(forecasts.batch(3));
  const registry = new Registry();
  new Counter({ name: "undercurrent_events_total", help: "Events.", registers: [registry] }).inc(24);
  const server = await serve({ view, registry, port: 0, title: "Test <b>", period: 10, ...options });
  running.push(server);
  return { server, view, forecasts };
}

describe("health", () => {
  it("is alive from the start, and ready when it is said to be", async () => {
    let ready = false;
    const { server } = await start({ ready: () => ready });
    expect((await fetch(`${server.url}live`)).status).toBe(200);
    expect((await fetch(`${server.url}ready`)).status).toBe(503);
    ready = true;
    expect((await fetch(`${server.url}ready`)).status).toBe(200);
  });
});

describe("without a view", () => {
  it("answers health and metrics, and has no page", async () => {
    const { server } = await start({ view: undefined });
    for (const path of ["live", "ready", "metrics"]) {
      expect((await fetch(server.url + path)).status, path).toBe(200);
    }
    for (const path of ["", "events", "assets/page.js"]) {
      expect((await fetch(server.url + path)).status, path).toBe(404);
    }
    expect(await (await fetch(server.url)).text()).toMatch(/server\.page/);
  });
});

describe("a token", () => {
  const token = "correct-horse-battery";
  const statusOf = async (url: string, authorization?: string): Promise<number> =>
    (await fetch(url, authorization === undefined ? {} : { headers: { authorization } })).status;

  it("is wanted for all but health, and nothing like it does", async () => {
    const { server } = await start({ token });
    for (const path of ["", "metrics", "events", "assets/page.js"]) {
      expect(await statusOf(server.url + path), path).toBe(401);
      expect(await statusOf(server.url + path, `Bearer ${token}x`), path).toBe(401);
      expect(await statusOf(server.url + path, `Basic ${token}`), path).toBe(400);
    }
    expect(await statusOf(`${server.url}metrics`, `Bearer ${token}`)).toBe(200);
    for (const path of ["live", "ready"]) expect(await statusOf(server.url + path), path).toBe(200);
  });
});

describe("headers", () => {
  it("forbid on every path whatever the page does not need", async () => {
    const { server } = await start();
    for (const path of ["", "assets/page.js", "assets/page.css", "live", "metrics", "nothing-here"]) {
      const { headers } = await fetch(server.url + path);
      expect(headers.get("content-security-policy")).toBe(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
          "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      );
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
      expect(headers.get("access-control-allow-origin")).toBeNull();
      expect(headers.get("strict-transport-security")).toBeNull();
    }
  });

  it("keep health, metrics and refusals out of every cache, and let the page's files be asked for again", async () => {
    const { server } = await start({ ready: () => false });
    for (const path of ["live", "ready", "metrics", "nothing-here"]) {
      expect((await fetch(server.url + path)).headers.get("cache-control"), path).toBe("no-store");
    }
    for (const path of ["", "assets/page.js"]) {
      expect((await fetch(server.url + path)).headers.get("cache-control"), path).toBe("no-cache");
    }
  });

  it("name the type of each file, and the page refers to nothing outside", async () => {
    const { server } = await start();
    const types = { "": "text/html", "assets/page.js": "text/javascript", "assets/page.css": "text/css" };
    for (const [path, type] of Object.entries(types)) {
      const response = await fetch(server.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toContain(type);
      const text = (await response.text()).replaceAll("http://www.w3.org/", "").replace(/\/\*[^]*?\*\//g, "");
      expect(text).not.toMatch(/(src|href)=["']?(https?:)?\/\//);
      expect(text).not.toMatch(/url\((?!["']?data:)/);
    }
  });
});

describe("requests", () => {
  it("are refused where the Host is not the loopback, which stops DNS rebinding", async () => {
    const { server } = await start();
    for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1"]) {
      for (const path of ["", "events", "metrics"]) {
        expect(await statusOf(server.url + path, { headers: { host } }), host).toBe(403);
      }
    }
    const { port } = new URL(server.url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write("GET / HTTP/1.0\r\n\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 40[03] /);
    socket.destroy();
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, "LOCALHOST"]) {
      expect(await statusOf(server.url, { headers: { host } }), host).toBe(200);
    }
  });

  it("may name any host where the server was opened to other machines", async () => {
    const { server } = await start({ host: "0.0.0.0" });
    const url = server.url.replace("0.0.0.0", "127.0.0.1");
    expect(await statusOf(url, { headers: { host: "metrics.internal:9090" } })).toBe(200);
  });

  it("other than GET get 405, unknown paths 404, and nothing leads out of the page's files", async () => {
    const { server } = await start();
    for (const method of ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"]) {
      expect(await statusOf(`${server.url}events`, { method }), method).toBe(405);
    }
    for (const path of [
      "nothing",
      "assets/",
      "assets/../package.json",
      "assets/%2e%2e%2fpackage.json",
      "assets//etc",
    ]) {
      expect((await fetch(server.url + path)).status, path).toBe(404);
    }
  });

  it("of /live and /metrics are answered in text", async () => {
    const { server } = await start();
    expect(await (await fetch(`${server.url}live`)).text()).toBe("live\n");
    const metrics = await fetch(`${server.url}metrics`);
    expect(metrics.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    expect(await metrics.text()).toContain(
      "# TYPE undercurrent_events_total counter\nundercurrent_events_total 24",
    );
  });
});

describe("events", () => {
  it("begin with a snapshot of the chosen series and go on with increments", async () => {
    const { server, view, forecasts } = await start();
    const events = await openEvents(`${server.url}events?series=4`);
    const snapshot = await events.next();
    expect(snapshot.event).toBe("snapshot");
    expect(snapshot.frame).toMatchObject({
      title: "Test <b>",
      status: { events: 24 },
      detail: { id: 4, reset: true },
    });
    expect(snapshot.frame.series).toHaveLength(demoLikeSeries.length);
    view.forecasts(forecasts.batch(1));
    const increment = await events.next();
    expect(increment.event).toBe("increment");
    expect(increment.frame.detail).toMatchObject({ id: 4, reset: false });
    expect(increment.frame.detail!.times).toHaveLength(1);
    events.close();
  });

  it("come a few times a second, however many observations there are", async () => {
    const { server, view, forecasts } = await start({ period: 50 });
    const events = await openEvents(`${server.url}events`);
    await events.next();
    for (let i = 0; i < 40; i++) view.forecasts(forecasts.batch(1));
    expect((await events.next()).frame.detail!.times).toHaveLength(40);
    events.close();
  });

  it("do not pile up for a page that stops reading: it starts over when it comes back", async () => {
    const { server, view } = await start({ period: 1 });
    const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`);
    const port = Number(new URL(server.url).port);
    const open = (): { socket: Socket; received: () => string; bytes: () => number } => {
      const socket = connect(port, "127.0.0.1");
      let [text, bytes] = ["", 0];
      socket.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        text = (text + chunk.toString("latin1")).slice(-2_000_000);
      });
      socket.write(`GET /events HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`);
      return { socket, received: () => text, bytes: () => bytes };
    };
    const [stalled, reading] = [open(), open()];
    await expect.poll(stalled.bytes).toBeGreaterThan(0);
    stalled.socket.pause();
    // Far more than the kernel takes for a connection that nobody reads: a few megabytes.
    while (reading.bytes() < 30_000_000) {
      view.forecasts(uniformBatch(200 * 60, Math.PI, keys));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    stalled.socket.resume();
    view.forecasts(uniformBatch(1, 42.5, ["the last key of all", "key 1"]));
    view.forecasts(uniformBatch(1, 42.5, [keys[7]!]));
    await expect
      .poll(() => stalled.received().includes("[42.5]") || stalled.received().includes(",42.5]"))
      .toBe(true);
    expect(stalled.bytes()).toBeLessThan(reading.bytes() / 2);
    const frames = stalled.received().split("event: increment\ndata: ");
    const last = JSON.parse(frames.findLast((text) => text.includes("42.5"))!.split(/\r?\n/, 1)[0]!) as Frame;
    expect(last.series.find(({ id }) => id === 20)?.reset).toBe(true);
    stalled.socket.destroy();
    reading.socket.destroy();
  });

  it("are granted to a bounded number of pages, and given back when a page closes", async () => {
    const { server } = await start();
    const open = await Promise.all(Array.from({ length: 32 }, () => openEvents(`${server.url}events`)));
    await Promise.all(open.map((events) => events.next()));
    const refused = await fetch(`${server.url}events`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("5");
    open.forEach((events) => events.close());
    await expect
      .poll(
        () => new Promise((resolve) => get(`${server.url}events`, (r) => resolve(r.destroy().statusCode))),
      )
      .toBe(200);
  });
});

describe("serve", () => {
  it("takes a free port for 0 and gives it back on close, with pages still connected", async () => {
    const first = await start();
    const events = await openEvents(`${first.server.url}events`);
    await events.next();
    await first.server.close();
    await expect(events.next()).rejects.toThrow();
    const port = Number(new URL(first.server.url).port);
    const second = await start({ port });
    expect(second.server.url).toBe(first.server.url);
    expect((await fetch(`${second.server.url}live`)).status).toBe(200);
  });

  it("says ADDRESS_IN_USE if something listens there", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    await expect(start({ port })).rejects.toMatchObject({
      name: "UndercurrentError",
      code: "ADDRESS_IN_USE",
    });
    other.close();
  });

  it("says ADDRESS_UNUSABLE for an address that is not this host's", async () => {
    await expect(start({ host: "192.0.2.1", port: 80 })).rejects.toMatchObject({
      code: "ADDRESS_UNUSABLE",
      message: expect.stringContaining("192.0.2.1:80") as string,
    });
  });
});
