/** Declares the settings by which the service proves its identity to the brokers, and what it trusts. */
import { z } from "zod";
import { clientAuthentications } from "../adapters/kafka/options.js";

/** Marks a secret as `writeOnly`, JSON Schema's keyword for values that are never printed. */
export const secret = { writeOnly: true } as const;

const given = z.string().min(1).optional();

const rereadText = "A changed file is used from the next connection on.";

export const tlsSchema = z
  .strictObject({
    enabled: z.boolean().default(false).describe("Encrypts the connections to the brokers with TLS."),
    ca: given.describe(
      `Certificate authorities to trust instead of the system's: PEM text or the path of a PEM file. ${rereadText}`,
    ),
    cert: given.describe(
      `Client certificate: PEM text or the path of a PEM file. Requires \`key\`. ${rereadText}`,
    ),
    key: given
      .describe(
        `Private key of the client certificate: PEM text or the path of a PEM file. Requires \`cert\`. ${rereadText}`,
      )
      .meta(secret),
    pfx: given.describe(
      `Path of a PKCS#12 file (.p12, .pfx) with client certificate and private key, instead of \`cert\` and \`key\`. ${rereadText}`,
    ),
    passphrase: z
      .string()
      .optional()
      .describe("Passphrase of the private key or of the PKCS#12 file.")
      .meta(secret),
    servername: given.describe(
      "Host name expected in the brokers' certificates. Default: the host name of the broker's address.",
    ),
    rejectUnauthorized: z
      .boolean()
      .default(true)
      .describe(
        "Refuses brokers whose certificate is not trusted. With false, an attacker on the network can read and change the traffic.",
      ),
  })
  .superRefine(({ enabled, rejectUnauthorized: _, ...files }, context) => {
    const issue = (message: string): void => context.addIssue({ code: "custom", message });
    const { cert, key, pfx } = files;
    if (!enabled && Object.values(files).some((value) => value !== undefined))
      issue("TLS settings are given, but enabled is false");
    if ((cert === undefined) !== (key === undefined)) issue("cert and key need each other");
    if (pfx !== undefined && (cert !== undefined || key !== undefined)) issue("pfx replaces cert and key");
  });

const texts = z.record(z.string().min(1), z.string()).optional();

const oauthSchema = z
  .strictObject({
    tokenEndpointUrl: z
      .url({ protocol: /^https?$/, error: "expected a URL that begins with https:// or http://" })
      .optional()
      .describe(
        "URL of the token endpoint (OAuth 2.0, client credentials). With http the secret is sent unencrypted. NODE_EXTRA_CA_CERTS names a private authority.",
      ),
    clientId: given.describe("Client id at the token endpoint."),
    clientSecret: given
      .describe("Client secret. Keep it out of the file: write ${NAME} to read an environment variable.")
      .meta(secret),
    clientSecretFile: given.describe(
      "Path of a file with the client secret. The file is read again when it has changed.",
    ),
    clientAuthentication: z
      .enum(clientAuthentications)
      .default("basic")
      .describe("How the secret is sent: basic in the Authorization header, post in the body."),
    scope: given.describe("Scopes of the token, separated by spaces."),
    parameters: texts.describe("Further parameters of the token request, for example {audience: kafka}."),
    extensions: texts.describe("SASL extensions for the brokers, for example {logicalCluster: lkc-1}."),
    tokenFile: given.describe(
      "Path of a file with the token, instead of a token endpoint. The file is read again when it has changed.",
    ),
  })
  .superRefine((oauth, context) => {
    const issue = (message: string): void => context.addIssue({ code: "custom", message });
    const { tokenEndpointUrl, clientId, clientSecret, clientSecretFile, scope, parameters, tokenFile } =
      oauth;
    const request = [tokenEndpointUrl, clientId, clientSecret, clientSecretFile, scope, parameters];
    if (tokenFile !== undefined) {
      if (request.some((value) => value !== undefined)) issue("tokenFile replaces the token endpoint");
      return;
    }
    if (tokenEndpointUrl === undefined || clientId === undefined)
      issue("tokenEndpointUrl and clientId are needed, or tokenFile");
    else if ((clientSecret === undefined) === (clientSecretFile === undefined))
      issue("one of clientSecret and clientSecretFile is needed");
  });

const awsSchema = z
  .strictObject({
    region: z.string().min(1).describe("AWS region of the cluster."),
    profile: given.describe(
      "Profile of the shared AWS files. Default: the default credential chain of the AWS SDK.",
    ),
    roleArn: given.describe("ARN of an IAM role to assume."),
    roleSessionName: given.describe("Session name of the assumed role."),
  })
  .superRefine(({ profile, roleArn, roleSessionName }, context) => {
    const issue = (message: string): void => context.addIssue({ code: "custom", message });
    if (profile !== undefined && roleArn !== undefined) issue("profile and roleArn exclude each other");
    if (roleSessionName !== undefined && roleArn === undefined) issue("roleSessionName requires roleArn");
  });

/** The section that a mechanism needs beside `mechanism`. */
const sectionOf = {
  PLAIN: "username",
  "SCRAM-SHA-256": "username",
  "SCRAM-SHA-512": "username",
  OAUTHBEARER: "oauth",
  AWS_MSK_IAM: "aws",
} as const;
type Mechanism = keyof typeof sectionOf;

export const saslSchema = z
  .strictObject({
    mechanism: z
      .enum(Object.keys(sectionOf) as [Mechanism, ...Mechanism[]])
      .describe(
        "SASL mechanism. PLAIN and OAUTHBEARER send the secret unencrypted: use them only with TLS. AWS_MSK_IAM needs the package aws-msk-iam-sasl-signer-js.",
      ),
    username: given.describe("User name, for PLAIN and SCRAM."),
    password: given
      .describe("Password. Keep it out of the file: write ${NAME} to read an environment variable.")
      .meta(secret),
    passwordFile: given.describe(
      "Path of a file with the password, instead of `password`. The file is read again when it has changed.",
    ),
    oauth: oauthSchema.optional().describe("Where the token comes from, for OAUTHBEARER."),
    aws: awsSchema.optional().describe("Which AWS identity signs, for AWS_MSK_IAM."),
  })
  .superRefine(({ mechanism, username, password, passwordFile, oauth, aws }, context) => {
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    const needed = sectionOf[mechanism];
    const section = { username, oauth, aws };
    if (section[needed] === undefined) issue(needed, `missing; mechanism ${mechanism} needs it`);
    for (const [name, value] of Object.entries({ ...section, password, passwordFile })) {
      const owner = name === "password" || name === "passwordFile" ? "username" : name;
      if (value !== undefined && owner !== needed) issue(name, `mechanism ${mechanism} does not take it`);
    }
    if (needed === "username" && (password === undefined) === (passwordFile === undefined))
      issue("password", "one of password and passwordFile is needed");
  });
