// A broker that lets in whoever shows a token of an issuer, and asks for another one when the token ends.
import { createTestBroker, type TestBroker } from "./broker-client.js";
import { startJavaBroker } from "./broker-java.js";
import { freePort } from "./broker-parts.js";
import { audience, type Issuer } from "./issuer.js";
import { startRelay, type Relay } from "./relay.js";

export interface OAuthBroker {
  /** Whoever comes in there may do everything. */
  readonly open: TestBroker;
  /** SASL/OAUTHBEARER, by a relay whose address is the one that clients are told. */
  readonly oauth: Relay;
  stop(): Promise<void>;
}

/** Starts a broker that verifies tokens by the issuer's key set and ends sessions with their tokens. */
export async function startOAuthBroker(issuer: Issuer): Promise<OAuthBroker> {
  const port = await freePort();
  const relay = await startRelay(`127.0.0.1:${port}`);
  const handlers = "org.apache.kafka.common.security.oauthbearer";
  const broker = await startJavaBroker({
    listeners: { OAUTH: { protocol: "SASL_PLAINTEXT", port, advertised: relay.port } },
    // Since 4.0 brokers read keys from URLs of this list alone.
    jvm: [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${issuer.keysUrl}`],
    properties: [
      "listener.name.oauth.sasl.enabled.mechanisms=OAUTHBEARER",
      `listener.name.oauth.oauthbearer.sasl.jaas.config=${handlers}.OAuthBearerLoginModule required;`,
      `listener.name.oauth.oauthbearer.sasl.server.callback.handler.class=${handlers}.OAuthBearerValidatorCallbackHandler`,
      // The default of 4.1.0 verifies no signature.
      `listener.name.oauth.sasl.oauthbearer.jwt.validator.class=${handlers}.BrokerJwtValidator`,
      `listener.name.oauth.sasl.oauthbearer.jwks.endpoint.url=${issuer.keysUrl}`,
      `listener.name.oauth.sasl.oauthbearer.expected.audience=${audience}`,
      // A session ends with its token.
      "listener.name.oauth.oauthbearer.connections.max.reauth.ms=3600000",
      "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      // The open listener's, and the broker's own.
      "super.users=User:ANONYMOUS",
    ],
  });
  return {
    open: createTestBroker(broker.brokers),
    oauth: relay,
    stop: async () => {
      await broker.stop();
      await relay.close();
    },
  };
}
