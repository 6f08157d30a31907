/**
 * Asks a running service for a key, and prints its forecast and its experts.
 *
 *     node --import tsx examples/ask-service.ts pump-7 http://127.0.0.1:7070/
 *
 * UNDERCURRENT_TOKEN is the token of `server.token`, where the service has one.
 */
import type { KeyReport } from "undercurrent-forecast/pipeline";

const [key = "pump-7", url = "http://127.0.0.1:7070/"] = process.argv.slice(2);
const token = process.env["UNDERCURRENT_TOKEN"];

const answer = await fetch(new URL(`keys/${encodeURIComponent(key)}`, url), {
  headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
});
if (!answer.ok) {
  // 404: another instance holds the partition, or the key is unknown. 409: the partition is being taken over.
  console.error(`${answer.status}: ${await answer.text()}`);
  process.exit(1);
}
const { partitions } = (await answer.json()) as { readonly partitions: readonly KeyReport[] };
for (const { partition, offset, time, value, forecast, experts } of partitions) {
  const { yhat, yhat_lower: lower, yhat_upper: upper } = forecast;
  console.log(`partition ${partition} before offset ${offset}: ${time} ${value}`);
  console.log(`  next ${String(yhat)} [${String(lower)}, ${String(upper)}]`);
  for (const { name, weight } of experts) console.log(`  ${name} ${(100 * weight).toFixed(1)} %`);
}
