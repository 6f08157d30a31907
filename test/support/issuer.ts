// An issuer of tokens on the loopback: a token endpoint for one client, and the key set by which a broker verifies tokens.
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";

export const audience = "kafka";

/** How the issuer answers to requests for tokens. */
export interface Behaviour {
  /** Life of a token in seconds. */
  seconds: number;
  /** The user that a token is for. */
  subject: string;
  /** The answer instead of a token. */
  answer?: {
    readonly status: number;
    readonly body: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** Signs with a key that is not in the key set. */
  forged: boolean;
}

export interface Issuer {
  readonly tokenUrl: string;
  readonly keysUrl: string;
  readonly behaviour: Behaviour;
  /** Every token so far. */
  readonly tokens: readonly string[];
  /** The bodies of all requests, as they came. */
  readonly requests: readonly {
    readonly authorization: string | undefined;
    readonly body: URLSearchParams;
  }[];
  close(): Promise<void>;
}

/** Starts an issuer that knows one client and takes its secret in the header or in the body. */
export async function startIssuer(clientId: string, secret: () => string): Promise<Issuer> {
  const [genuine, foreign] = [newKeys(), newKeys()];
  const behaviour: Behaviour = { seconds: 3600, subject: clientId, forged: false };
  const tokens: string[] = [];
  const requests: { authorization: string | undefined; body: URLSearchParams }[] = [];
  const issue = (): string => {
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: "issuer-of-the-test",
      aud: audience,
      sub: behaviour.subject,
      scope: "kafka",
      jti: String(tokens.length),
      iat: now,
      exp: now + behaviour.seconds,
    };
    const text = [{ alg: "ES256", typ: "JWT", kid: "1" }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
      .join(".");
    const key = (behaviour.forged ? foreign : genuine).privateKey;
    const signature = sign("sha256", Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
    const token = `${text}.${signature.toString("base64url")}`;
    tokens.push(token);
    return token;
  };
  const server = createServer((request, response) => {
    void (async () => {
      const json = { "content-type": "application/json" };
      if (request.url === "/keys") {
        const jwk = { ...genuine.publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "ES256" };
        response.writeHead(200, json).end(JSON.stringify({ keys: [jwk] }));
        return;
      }
      const body = new URLSearchParams(await textOf(request));
      const { authorization } = request.headers;
      requests.push({ authorization, body });
      const { answer } = behaviour;
      if (answer !== undefined) response.writeHead(answer.status, answer.headers ?? json).end(answer.body);
      else if (isClient(authorization, body, clientId, secret())) {
        const token = { access_token: issue(), token_type: "Bearer", expires_in: behaviour.seconds };
        response.writeHead(200, json).end(JSON.stringify(token));
      } else
        response
          .writeHead(401, json)
          .end(JSON.stringify({ error: "invalid_client", error_description: `not ${secret()}` }));
    })();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    tokenUrl: `http://127.0.0.1:${port}/token`,
    keysUrl: `http://127.0.0.1:${port}/keys`,
    behaviour,
    tokens,
    requests,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function isClient(
  authorization: string | undefined,
  body: URLSearchParams,
  id: string,
  secret: string,
): boolean {
  if (authorization === undefined)
    return body.get("client_id") === id && body.get("client_secret") === secret;
  const [user, password] = Buffer.from(authorization.replace("Basic ", ""), "base64").toString().split(":");
  return decoded(user) === id && decoded(password) === secret;
}

/** Both parts of the header are encoded as forms are (RFC 6749, section 2.3.1). */
const decoded = (text = ""): string => decodeURIComponent(text.replaceAll("+", " "));
