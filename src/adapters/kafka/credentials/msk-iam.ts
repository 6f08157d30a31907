/** Signs tokens for Amazon MSK by AWS credentials, with the optional package aws-msk-iam-sasl-signer-js. */
import { createRequire } from "node:module";
import type * as Signer from "aws-msk-iam-sasl-signer-js";
import { UndercurrentError } from "../../../errors/errors.js";
import { CredentialError } from "../kafkajs/refusals.js";
import { bearerOptions, cachedToken, type BearerOptions, type BearerToken } from "./tokens.js";

/** Which AWS identity signs, and for which region. */
export interface MskIamOptions {
  /** Region of the cluster, for example "eu-west-1". */
  readonly region: string;
  /** Named profile of the shared AWS files. Default: the default credential chain of the AWS SDK. */
  readonly profile?: string | undefined;
  /** ARN of a role to assume. */
  readonly roleArn?: string | undefined;
  /** Session name of the assumed role. */
  readonly roleSessionName?: string | undefined;
}

/**
 * Returns the option `sasl` for Amazon MSK with IAM. Tokens are valid for 15 minutes and renewed before their end.
 *
 * @throws SASL_SIGNER_MISSING if the package aws-msk-iam-sasl-signer-js is not installed.
 *
 * @example
 * ```ts
 * const sasl = mskIamSasl({ region: "eu-west-1" });
 * const kafka = kafkaPorts({ bootstrapServers, applicationId, topics, sasl, tls: true });
 * ```
 */
export function mskIamSasl(options: MskIamOptions): BearerOptions {
  findSigner();
  let signed = false;
  const sign = async (): Promise<BearerToken> => {
    try {
      const token = await signToken(options);
      signed = true;
      return token;
    } catch (error) {
      throw problemOf(error, signed);
    }
  };
  return bearerOptions(cachedToken(sign));
}

/** The SDK has one error for an identity that is away and for none; whoever signed before has one. */
function problemOf(error: unknown, signed: boolean): CredentialError {
  // The SDK's messages name the source of the credentials, no secret.
  const { name, message } = error as Error;
  return new CredentialError(
    `AWS gives no credentials to sign with (${name}: ${message})`,
    signed ? undefined : "CREDENTIALS_REFUSED",
  );
}

async function signToken({ region, profile, roleArn, roleSessionName }: MskIamOptions): Promise<BearerToken> {
  // The AWS SDK is large: only who needs it loads it.
  const signer = (await import(signerName)) as typeof Signer;
  const { token, expiryTime } =
    roleArn !== undefined
      ? await signer.generateAuthTokenFromRole({
          region,
          awsRoleArn: roleArn,
          ...(roleSessionName !== undefined && { awsRoleSessionName: roleSessionName }),
        })
      : profile !== undefined
        ? await signer.generateAuthTokenFromProfile({ region, awsProfileName: profile })
        : await signer.generateAuthToken({ region });
  return { value: token, expiresAt: expiryTime };
}

const signerName = "aws-msk-iam-sasl-signer-js";

/** Throws SASL_SIGNER_MISSING where the package is not installed. */
export function findSigner(find: (name: string) => unknown = createRequire(import.meta.url).resolve): void {
  try {
    find(signerName);
  } catch {
    throw new UndercurrentError(
      "SASL_SIGNER_MISSING",
      `SASL for Amazon MSK needs the package ${signerName}, which is not installed`,
    );
  }
}
