// A broker that lets in whom it knows and grants what was granted, with a way in for each way to prove who one is.
import kafkajs, { type Admin } from "kafkajs";
import { createTestBroker, type TestBroker } from "./broker-client.js";
import { startJavaBroker, type JavaBroker, type Listener } from "./broker-java.js";
import { freePort } from "./broker-parts.js";
import { createAuthority, type Authority } from "./certificates.js";
import { startRelay, type Relay } from "./relay.js";

/** Every way in is by a relay, whose address is the one that clients are told. */
export interface SecureBroker {
  /** Whoever comes in there may do everything. */
  readonly open: TestBroker;
  /** Passwords, by PLAIN or SCRAM (SHA-256, SHA-512), over a connection that anybody can read. */
  readonly sasl: Relay;
  /** The same over TLS. */
  readonly saslTls: Relay;
  /** Certificates of both sides; the name of a user is the common name. */
  readonly mutualTls: Relay;
  /** TLS with a broker's certificate that ran out. */
  readonly expiredTls: Relay;
  /** Who issued the certificates of the broker, and whose it trusts. */
  readonly authority: Authority;
  stop(): Promise<void>;
}

export interface SecureBrokerOptions {
  /** Milliseconds after which a password has to be proven anew on a connection over TLS; by default never. */
  readonly sessionMs?: number;
}

/** Starts a broker that knows these users and their passwords, by each mechanism. */
export async function startSecureBroker(
  users: Readonly<Record<string, string>>,
  { sessionMs = 0 }: SecureBrokerOptions = {},
): Promise<SecureBroker> {
  const authority = await createAuthority("authority of the test");
  const identity = await authority.issue("broker");
  const outdated = await authority.issue("broker", { expired: true });
  const sasl = await wayIn("SASL_PLAINTEXT");
  const saslTls = await wayIn("SASL_SSL");
  const mutual = await wayIn("SSL");
  const expired = await wayIn("SSL");
  const accounts = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`);
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required ${accounts.join(" ")};`;
  const scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  const passwords = ["sasl", "sasltls"].flatMap((listener) => [
    `listener.name.${listener}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512`,
    `listener.name.${listener}.plain.sasl.jaas.config=${plain}`,
    `listener.name.${listener}.scram-sha-256.sasl.jaas.config=${scram}`,
    `listener.name.${listener}.scram-sha-512.sasl.jaas.config=${scram}`,
  ]);
  const keyStore = (listener: string, { cert, key }: typeof identity): string[] => [
    `listener.name.${listener}.ssl.keystore.type=PEM`,
    `listener.name.${listener}.ssl.keystore.certificate.chain=${oneLine(cert)}`,
    `listener.name.${listener}.ssl.keystore.key=${oneLine(key)}`,
  ];
  const broker: JavaBroker = await startJavaBroker({
    listeners: {
      SASL: sasl.listener,
      SASLTLS: saslTls.listener,
      MUTUAL: mutual.listener,
      EXPIRED: expired.listener,
    },
    properties: [
      ...passwords,
      `listener.name.sasltls.connections.max.reauth.ms=${sessionMs}`,
      ...keyStore("sasltls", identity),
      ...keyStore("mutual", identity),
      ...keyStore("expired", outdated),
      "listener.name.mutual.ssl.client.auth=required",
      "listener.name.mutual.ssl.truststore.type=PEM",
      `listener.name.mutual.ssl.truststore.certificates=${oneLine(authority.cert)}`,
      "listener.name.mutual.ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/",
      "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      // The open listener's, and the broker's own.
      "super.users=User:ANONYMOUS",
      // A successor waits for the session of whoever was cut off.
      "group.min.session.timeout.ms=1000",
    ],
    scramUsers: users,
  });
  return {
    open: createTestBroker(broker.brokers),
    sasl: sasl.relay,
    saslTls: saslTls.relay,
    mutualTls: mutual.relay,
    expiredTls: expired.relay,
    authority,
    stop: async () => {
      await broker.stop();
      await Promise.all([sasl, saslTls, mutual, expired].map(({ relay }) => relay.close()));
    },
  };
}

/** A listener, and the relay before it. */
async function wayIn(protocol: string): Promise<{ readonly listener: Listener; readonly relay: Relay }> {
  const port = await freePort();
  const relay = await startRelay(`127.0.0.1:${port}`);
  return { listener: { protocol, port, advertised: relay.port }, relay };
}

/** Line breaks of a PEM text as a properties file has them. */
function oneLine(pem: string): string {
  return pem.trim().replaceAll("\n", "\\n");
}

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** One right: what may be done with which resources. */
export interface Right {
  readonly on: "topic" | "group" | "transactional id";
  readonly name: string;
  /** The name is the beginning of the names that are meant. */
  readonly prefix?: boolean;
  readonly may: readonly ("read" | "write" | "describe" | "read settings")[];
}

const resources = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  "transactional id": AclResourceTypes.TRANSACTIONAL_ID,
} as const;

const operations = {
  read: AclOperationTypes.READ,
  write: AclOperationTypes.WRITE,
  describe: AclOperationTypes.DESCRIBE,
  "read settings": AclOperationTypes.DESCRIBE_CONFIGS,
} as const;

/** Grants a user these rights. */
export async function grant(admin: Admin, user: string, rights: readonly Right[]): Promise<void> {
  const acl = rights.flatMap(({ on, name, prefix = false, may }) =>
    may.map((operation) => ({
      resourceType: resources[on],
      resourceName: name,
      resourcePatternType: prefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
      principal: `User:${user}`,
      host: "*",
      operation: operations[operation],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  );
  await admin.createAcls({ acl });
}

/** Takes all that a user may do with a resource, or with those whose names begin so. */
export async function revoke(admin: Admin, user: string, on: Right["on"], name: string): Promise<void> {
  await admin.deleteAcls({
    filters: [
      {
        resourceType: resources[on],
        resourceName: name,
        resourcePatternType: ResourcePatternTypes.ANY,
        principal: `User:${user}`,
        operation: AclOperationTypes.ANY,
        permissionType: AclPermissionTypes.ANY,
      },
    ],
  });
}
