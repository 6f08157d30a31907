/** MQTT: each topic is a key. `client` is what `connect` of the package mqtt returns. */
import type { EventEmitter } from "node:events";
import { fromEvent } from "rxjs";
import { anomalies, forecast } from "undercurrent-forecast";

export const anomalies$ = (client: EventEmitter) =>
  fromEvent(client, "message", (topic: string, payload: Buffer) => ({ topic, payload })).pipe(
    forecast({
      key: ({ topic }) => topic,
      time: () => Date.now(),
      value: ({ payload }) => Number(payload.toString()),
    }),
    anomalies(),
  );
