// Certificates from files that change while connections are made, against a TLS server that asks for them.
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, renameSync, mkdirSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, createServer, type ConnectionOptions, type Server } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tlsFromFiles } from "../../../../src/adapters/kafka/credentials/tls-files.js";
import { createAuthority, type Authority, type Identity } from "../../../support/certificates.js";

const folder = mkdtempSync(join(tmpdir(), "undercurrent-"));
const openssl = ((): boolean => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
if (!openssl) console.warn("SKIPPED: tests of PKCS#12 files. Install openssl.");

let authority: Authority;
let server: Server;
let files = 0;

beforeAll(async () => {
  authority = await createAuthority("authority of the test");
  server = createServer(
    { ...(await authority.issue("broker")), ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const file = (content: string | Buffer): string => {
  const path = join(folder, `file-${files++}`);
  writeFileSync(path, content);
  return path;
};

/** The name that the server sees on a new connection, made as the clients make one. */
async function nameSeen(tls: ConnectionOptions): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, ...tls });
  let name = "";
  for await (const chunk of socket) name += String(chunk);
  return name;
}

function pkcs12({ cert, key }: Identity, password: string, flags: readonly string[] = []): string {
  const path = file("");
  const identity = file(`${cert}\n${key}`);
  const out = ["-out", path, "-passout", `pass:${password}`];
  execFileSync("openssl", ["pkcs12", "-export", "-in", identity, ...out, ...flags]);
  return path;
}

describe("TLS files", () => {
  test("that change are used by the next connection, and the change is told once", async () => {
    const [first, second] = [await authority.issue("first"), await authority.issue("second")];
    const [cert, key] = [file(first.cert), file(first.key)];
    const changes: unknown[] = [];
    const tls = tlsFromFiles({ ca: file(authority.cert), cert, key }, "tls", (problem) =>
      changes.push(problem),
    );
    expect(await nameSeen(tls)).toBe("first");
    writeFileSync(cert, second.cert);
    writeFileSync(key, second.key);
    expect(await nameSeen(tls)).toBe("second");
    expect(await nameSeen(tls)).toBe("second");
    expect(changes).toEqual([undefined]);
  });

  test("that change one after the other leave the earlier ones in use until they match", async () => {
    const [first, second] = [await authority.issue("first"), await authority.issue("second")];
    const [cert, key] = [file(first.cert), file(first.key)];
    const changes: unknown[] = [];
    const tls = tlsFromFiles({ ca: authority.cert, cert, key }, "tls", (problem) => changes.push(problem));
    writeFileSync(cert, second.cert);
    expect(await nameSeen(tls)).toBe("first");
    expect(await nameSeen(tls)).toBe("first");
    expect(changes).toEqual([expect.objectContaining({ code: "SETTING_INVALID" })]);
    rmSync(key);
    expect(await nameSeen(tls)).toBe("first");
    writeFileSync(key, second.key);
    expect(await nameSeen(tls)).toBe("second");
    expect(changes).toHaveLength(3);
    expect(changes.at(-1)).toBeUndefined();
  });

  test("behind a link that is swapped, as Kubernetes mounts secrets, change together", async () => {
    const mount = (name: string, { cert, key }: Identity): string => {
      const path = join(folder, name);
      mkdirSync(path);
      writeFileSync(join(path, "tls.crt"), cert);
      writeFileSync(join(path, "tls.key"), key);
      return path;
    };
    const data = join(folder, "data");
    symlinkSync(mount("mounted-1", await authority.issue("first")), data);
    const tls = tlsFromFiles({ ca: authority.cert, cert: join(data, "tls.crt"), key: join(data, "tls.key") });
    expect(await nameSeen(tls)).toBe("first");
    symlinkSync(mount("mounted-2", await authority.issue("second")), `${data}-new`);
    renameSync(`${data}-new`, data);
    expect(await nameSeen(tls)).toBe("second");
  });

  test("that are not there, that hold something else, or that have expired are refused by name", async () => {
    const refused = (given: Parameters<typeof tlsFromFiles>[0]) => () => tlsFromFiles(given, "kafka.tls");
    expect(refused({ ca: "nothing" })).toThrow(
      /^kafka\.tls\.ca: neither PEM text nor the path of a readable file \(ENOENT\)$/,
    );
    expect(refused({ ca: folder })).toThrow(/\(it is a folder\)$/);
    expect(refused({ ca: file("no certificate") })).toThrow(/^kafka\.tls\.ca: the file holds no PEM text$/);
    expect(refused({ pfx: "nothing" })).toThrow(
      /^kafka\.tls\.pfx: not the path of a readable file \(ENOENT\)$/,
    );
    const expired = await authority.issue("expired", { expired: true });
    expect(refused({ cert: file(expired.cert), key: file(expired.key) })).toThrow(
      /^kafka\.tls\.cert: the certificate expired on /,
    );
  });
});

describe.skipIf(!openssl)("a PKCS#12 file", () => {
  test("shows its certificate, and the next one when it has changed", async () => {
    const path = pkcs12(await authority.issue("first"), "open sesame");
    const tls = tlsFromFiles({ ca: authority.cert, pfx: path, passphrase: "open sesame" });
    expect(await nameSeen(tls)).toBe("first");
    renameSync(pkcs12(await authority.issue("second"), "open sesame"), path);
    expect(await nameSeen(tls)).toBe("second");
  });

  test("is refused with a wrong passphrase, which no error repeats", async () => {
    const path = pkcs12(await authority.issue("first"), "open sesame");
    const wrong = (): unknown => tlsFromFiles({ pfx: path, passphrase: "open barley" });
    expect(wrong).toThrow(/^tls: pfx and passphrase do not match \(/);
    expect(wrong).not.toThrow(/open barley/);
  });

  test("of old ciphers is refused with the way to write it again", async () => {
    const old = ["-legacy", "-certpbe", "PBE-SHA1-RC2-40"];
    const path = pkcs12(await authority.issue("first"), "open sesame", old);
    expect(() => tlsFromFiles({ pfx: path, passphrase: "open sesame" })).toThrow(/openssl pkcs12 -legacy/);
  });
});
