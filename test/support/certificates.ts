// Certificates of an authority that lives as long as a test: of brokers, of clients, and of times that are over.
import "reflect-metadata";
import { KeyObject, webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const day = 86_400_000;

/** PEM text; the key is PKCS #8. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export interface IdentityOptions {
  /** Its certificate ran out yesterday. */
  readonly expired?: boolean;
  /** Its certificate runs out after so many seconds, in place of a day. */
  readonly seconds?: number | undefined;
  /** The key is encrypted. */
  readonly passphrase?: string;
}

export interface Authority {
  /** Its own certificate, PEM text. */
  readonly cert: string;
  /** An identity of this common name, good for both ends of a connection to the loopback. */
  issue(name: string, options?: IdentityOptions): Promise<Identity>;
}

export async function createAuthority(name: string): Promise<Authority> {
  const keys = await newKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    notBefore: new Date(Date.now() - 10 * day),
    notAfter: new Date(Date.now() + day),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return {
    cert: root.toString("pem"),
    async issue(subject, { expired = false, seconds, passphrase } = {}) {
      const own = await newKeys();
      const cert = await x509.X509CertificateGenerator.create({
        subject: `CN=${subject}`,
        issuer: root.subject,
        notBefore: new Date(Date.now() - 5 * day),
        notAfter: new Date(Date.now() + (expired ? -day : seconds === undefined ? day : 1000 * seconds)),
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          new x509.SubjectAlternativeNameExtension([
            { type: "ip", value: "127.0.0.1" },
            { type: "dns", value: "localhost" },
          ]),
        ],
      });
      return { cert: cert.toString("pem"), key: privateKeyPem(own, passphrase) };
    },
  };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
}

function privateKeyPem({ privateKey }: webcrypto.CryptoKeyPair, passphrase: string | undefined): string {
  const encryption = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return KeyObject.from(privateKey)
    .export({ type: "pkcs8", format: "pem", ...encryption })
    .toString();
}
