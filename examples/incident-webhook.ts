/**
 * Posts every change of an incident to a webhook, from the topic that the service writes (`topics.incidents`).
 *
 *     node --import tsx examples/incident-webhook.ts TOPIC http://127.0.0.1:9000/incidents
 *
 * The consumer commits an offset after the webhook has taken the change, so none is lost. After a crash the last one may be
 * posted twice: the header idempotency-key names it. Muted incidents and feedback are left out. The topic must be flat JSON
 * (`encode.incidents.format: json`).
 */
import { Kafka, logLevel } from "kafkajs";
import { setTimeout } from "node:timers/promises";

const [topic = "incidents", url = "http://127.0.0.1:9000/incidents"] = process.argv.slice(2);
const retryMs = 1000;

async function isTaken(body: string, key: string): Promise<boolean> {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  try {
    const answer = await fetch(url, { method: "POST", body, headers, signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) console.error(`${key}: the webhook answered ${answer.status}`);
    return answer.ok;
  } catch (error) {
    console.error(`${key}: ${(error as Error).message}`);
    return false;
  }
}

const kafka = new Kafka({
  brokers: [process.env["KAFKA_BROKER"] ?? "localhost:9092"],
  logLevel: logLevel.ERROR,
});
const consumer = kafka.consumer({ groupId: `${topic}-webhook` });
await consumer.connect();
await consumer.subscribe({ topic, fromBeginning: true });
await consumer.run({
  eachMessage: async ({ partition, message, ...batch }) => {
    const body = message.value?.toString() ?? "";
    const change = JSON.parse(body) as Readonly<Record<string, unknown>>;
    if (change["change"] === undefined || change["muted"] === true) return;
    while (!(await isTaken(body, `${partition}-${message.offset}`))) {
      await setTimeout(retryMs);
      await batch.heartbeat();
    }
    console.log(`posted ${String(change["id"])}`);
  },
});
process.once("SIGTERM", () => void consumer.disconnect());
process.once("SIGINT", () => void consumer.disconnect());
