/** Makes TLS options of PEM and PKCS#12 files, which are read again when they have changed. */
import { X509Certificate } from "node:crypto";
import { isUtf8 } from "node:buffer";
import { createSecureContext, type ConnectionOptions, type SecureContext } from "node:tls";
import { UndercurrentError } from "../../../errors/errors.js";
import { fileProblem, rotatedFiles } from "./rotated-file.js";

/** What a connection shows to the brokers and what it trusts. */
export interface TlsFiles {
  /** Certificate authorities to trust: PEM text or the path of a PEM file. Default: the system's. */
  readonly ca?: string | undefined;
  /** Client certificate with its chain: PEM text or the path of a PEM file. */
  readonly cert?: string | undefined;
  /** Private key of the certificate: PEM text or the path of a PEM file. */
  readonly key?: string | undefined;
  /** Path of a PKCS#12 file with client certificate and private key, instead of `cert` and `key`. */
  readonly pfx?: string | undefined;
  /** Passphrase of the private key or of the PKCS#12 file. */
  readonly passphrase?: string | undefined;
  /** Host name expected in the brokers' certificates. Default: that of the broker's address. */
  readonly servername?: string | undefined;
  /** Refuses brokers whose certificate is not trusted. Default true. */
  readonly rejectUnauthorized?: boolean;
}

type Part = "ca" | "cert" | "key" | "pfx";
const parts: readonly Part[] = ["ca", "cert", "key", "pfx"];

/**
 * Returns Node's TLS options for the option `tls`. Each new connection uses the files as they are then; files that do not
 * match each other, as in the middle of a change, leave the earlier ones in use.
 *
 * @param section What errors call the options. Default "tls".
 * @param changed Called once per change of the files, with the reason if the changed ones cannot be used.
 * @throws SETTING_INVALID if a file cannot be read, a certificate has expired, or key and certificate do not match.
 *
 * @example
 * ```ts
 * const tls = tlsFromFiles({ ca: "/run/tls/ca.pem", cert: "/run/tls/tls.crt", key: "/run/tls/tls.key" });
 * const kafka = kafkaPorts({ bootstrapServers, applicationId, topics, tls });
 * ```
 */
export function tlsFromFiles(
  files: TlsFiles,
  section = "tls",
  changed?: (problem?: unknown) => void,
): ConnectionOptions {
  const { servername, rejectUnauthorized = true } = files;
  const others = { rejectUnauthorized, ...(servername !== undefined && { servername }) };
  const fromFile = parts.filter((part) => files[part] !== undefined && !isPem(files[part]));
  const fixed = parts.filter((part) => files[part] !== undefined && isPem(files[part]));
  const given = Object.fromEntries(fixed.map((part) => [part, files[part]!]));
  const identityOf = (contents: readonly Buffer[]): Identity => {
    const read = fromFile.map((part, i) => [part, partOf(part, contents[i]!, section)] as const);
    return checked({ ...given, ...Object.fromEntries(read), ...passphraseOf(files) }, section);
  };
  if (fromFile.length === 0) return { ...identityOf([]).options, ...others };
  for (const part of fromFile) refuseUnreadable(files[part]!, part, section);
  const identity = rotatedFiles(
    fromFile.map((part) => files[part]!),
    identityOf,
    changed,
  );
  identity();
  // The clients read the options at each connection.
  return {
    ...others,
    get secureContext(): SecureContext {
      return identity().context;
    },
  };
}

interface Identity {
  readonly options: ConnectionOptions;
  readonly context: SecureContext;
}

/** Otherwise a wrong passphrase would fail at every connection, as if the brokers were unreachable. */
function checked(options: ConnectionOptions, section: string): Identity {
  let context: SecureContext;
  try {
    context = createSecureContext(options);
  } catch (cause) {
    const names = options.pfx === undefined ? "ca, cert, key and passphrase" : "pfx and passphrase";
    const { message } = cause as Error;
    const old = /unsupported/i.test(message)
      ? "; OpenSSL 3 refuses files of old ciphers: write the file again with `openssl pkcs12 -legacy`"
      : "";
    throw invalid(section, `${names} do not match (${message})${old}`, cause);
  }
  if (typeof options.cert === "string") refuseOutdated(options.cert, section);
  return { options, context };
}

/** Refuses an expired certificate, because the brokers' own error does not name the reason. */
function refuseOutdated(cert: string, section: string): void {
  const end = new Date(new X509Certificate(cert).validTo);
  if (end.getTime() < Date.now())
    throw invalid(`${section}.cert`, `the certificate expired on ${end.toISOString()}`);
}

const isPem = (text: string): boolean => text.includes("-----BEGIN ");

const passphraseOf = ({ passphrase }: TlsFiles): ConnectionOptions =>
  passphrase === undefined ? {} : { passphrase };

function partOf(part: Part, content: Buffer, section: string): string | Buffer {
  if (part === "pfx") return content;
  const text = content.toString("utf8");
  if (isUtf8(content) && isPem(text)) return text;
  throw invalid(`${section}.${part}`, "the file holds no PEM text");
}

/** No error repeats the text, which may be a damaged key. */
function refuseUnreadable(path: string, part: Part, section: string): void {
  try {
    rotatedFiles([path], () => undefined);
  } catch (error) {
    const expected = part === "pfx" ? "not the path" : "neither PEM text nor the path";
    throw invalid(`${section}.${part}`, `${expected} of a readable file (${fileProblem(error)})`);
  }
}

function invalid(setting: string, message: string, cause?: unknown): UndercurrentError {
  return new UndercurrentError("SETTING_INVALID", `${setting}: ${message}`, { cause });
}
