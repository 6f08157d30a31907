/** Tells @platformatic/kafka how to reach the brokers and how to authenticate. */
import type { BaseOptions } from "@platformatic/kafka";
import { UndercurrentError } from "../../../errors/errors.js";
import { given } from "../client-options.js";
import { kafkaDefaults } from "../defaults.js";
import { tokenRefusal, type GivenToken } from "../kafkajs/oauth-bearer.js";
import type { KafkaConnection } from "../options.js";

/** Returns how the client reaches the brokers. Throws SETTING_INVALID for a SASL mechanism that it is not told how to use. */
export function connectionOf(options: KafkaConnection): BaseOptions {
  const { bootstrapServers, clientId = kafkaDefaults.clientId, tls } = options;
  const { connectTimeout, requestTimeout, metadataMaxAge, handleBackPressure, strict } =
    options.clientOptions?.platformatic ?? {};
  return {
    ...given({ connectTimeout, requestTimeout, metadataMaxAge, handleBackPressure, strict }),
    clientId,
    bootstrapBrokers: [...bootstrapServers],
    autocreateTopics: false,
    ...(tls === true ? { tls: {} } : typeof tls === "object" && { tls }),
    ...saslOf(options),
  };
}

/** The client's names of the SASL mechanisms that it supports. */
const saslMechanisms = {
  plain: "PLAIN",
  "scram-sha-256": "SCRAM-SHA-256",
  "scram-sha-512": "SCRAM-SHA-512",
} as const;

function saslOf({ sasl }: KafkaConnection): Pick<BaseOptions, "sasl"> {
  if (sasl === undefined) return {};
  switch (sasl.mechanism) {
    case "aws":
      throw new UndercurrentError(
        "SETTING_INVALID",
        "sasl.mechanism: expected PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER with the client platformatic, found aws",
      );
    case "oauthbearer":
      return { sasl: { mechanism: "OAUTHBEARER", ...bearerOf(sasl) } };
    case "plain":
    case "scram-sha-256":
    case "scram-sha-512":
      return {
        sasl: {
          mechanism: saslMechanisms[sasl.mechanism],
          // Functions: a password may change while the producer runs.
          username: () => sasl.username,
          password: () => sasl.password,
        },
      };
  }
}

type BearerSasl = Extract<KafkaConnection["sasl"], { readonly mechanism: "oauthbearer" }>;

/** The client asks for the token first and for its extensions after it. */
function bearerOf({ oauthBearerProvider }: BearerSasl): Omit<NonNullable<BaseOptions["sasl"]>, "mechanism"> {
  let extensions: Readonly<Record<string, string>> = {};
  return {
    token: async () => {
      const given = (await oauthBearerProvider()) as GivenToken;
      extensions = given.extensions ?? {};
      return given.value;
    },
    oauthBearerExtensions: () => ({ ...extensions }),
    authBytesValidator: (bytes, callback) => {
      const refusal = tokenRefusal(bytes);
      if (refusal === undefined) callback(null, bytes);
      else callback(refusal, bytes);
    },
  };
}
