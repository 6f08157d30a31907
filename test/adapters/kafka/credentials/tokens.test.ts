import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bearerOptions, cachedToken, endOfJwt } from "../../../../src/adapters/kafka/credentials/tokens.js";
import { CredentialError } from "../../../../src/adapters/kafka/kafkajs/refusals.js";

/** A source of tokens of these lives (milliseconds) at a clock of the test's own; undefined is an endpoint that is away. */
function source(lifeMs: number) {
  const clock = { now: 1_000_000 };
  const state = { issued: 0, away: false, refused: false };
  const token = cachedToken(
    () => {
      if (state.away) return Promise.reject(new CredentialError("away", undefined));
      if (state.refused) return Promise.reject(new CredentialError("refused", "CREDENTIALS_REFUSED"));
      return Promise.resolve({ value: String(++state.issued), expiresAt: clock.now + lifeMs });
    },
    () => clock.now,
  );
  return { clock, state, token };
}

describe("a cached token", () => {
  test("is the same until a quarter of its life is left, and another one after that", async () => {
    const { clock, token } = source(3_600_000);
    expect((await token()).value).toBe("1");
    clock.now += 2_699_000;
    expect((await token()).value).toBe("1");
    clock.now += 2000;
    expect((await token()).value).toBe("2");
  });

  test("is asked for once, however many ask at the same time", async () => {
    const { token, state } = source(60_000);
    await Promise.all([token(), token(), token()]);
    expect(state.issued).toBe(1);
  });

  test("never ends within 15 s of its use, at any time and of any life of 20 s or more", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 20_000, max: 10_000_000 }),
        fc.array(fc.integer({ min: 0, max: 5_000_000 }), { maxLength: 20 }),
        async (life, waits) => {
          const { clock, token } = source(life);
          for (const wait of waits) {
            clock.now += wait;
            expect((await token()).expiresAt - clock.now).toBeGreaterThanOrEqual(15_000);
          }
        },
      ),
    );
  });

  test("is used on while its source is away, but not to its end, and not if its source refuses", async () => {
    const { clock, state, token } = source(120_000);
    await token();
    state.away = true;
    clock.now += 95_000;
    expect((await token()).value).toBe("1");
    clock.now += 12_000;
    await expect(token()).rejects.toThrow("away");
    Object.assign(state, { away: false, refused: true });
    clock.now -= 12_000;
    await expect(token()).rejects.toThrow("refused");
    state.refused = false;
    expect((await token()).value).toBe("2");
  });

  test("of a few seconds is used for a quarter of them", async () => {
    const { clock, token } = source(8000);
    await token();
    clock.now += 1900;
    expect((await token()).value).toBe("1");
    clock.now += 200;
    expect((await token()).value).toBe("2");
  });
});

test("extensions go with each token", async () => {
  const token = () => Promise.resolve({ value: "t", expiresAt: Infinity });
  expect(await bearerOptions(token, { cluster: "c" }).oauthBearerProvider()).toEqual({
    value: "t",
    extensions: { cluster: "c" },
  });
  expect(await bearerOptions(token).oauthBearerProvider()).toEqual({ value: "t" });
});

test("the end of a token is read from the token where it says one", () => {
  const jwt = (claims: string): string => `e30.${Buffer.from(claims).toString("base64url")}.x`;
  expect(endOfJwt(jwt('{"exp":12}'))).toBe(12_000);
  for (const token of ["", "opaque", "a.b.c", jwt("{}"), jwt('{"exp":"12"}'), jwt("null")])
    expect(endOfJwt(token)).toBeUndefined();
});
