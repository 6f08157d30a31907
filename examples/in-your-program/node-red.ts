/** Node-RED: a node whose messages get the forecast of their topic's next value, and its anomaly score. */
import { createForecaster } from "undercurrent-forecast";

interface Message {
  readonly topic: string;
  readonly payload: number;
}
interface RedNode {
  on(event: "input", listener: (message: Message, send: (message: object) => void) => void): void;
  on(event: "close", listener: () => void): void;
}
interface Red {
  readonly nodes: {
    createNode(node: RedNode, config: object): void;
    registerType(name: string, node: (this: RedNode, config: object) => void): void;
  };
}

export function forecastNode(red: Red): void {
  red.nodes.registerType("forecast", function (config) {
    red.nodes.createNode(this, config);
    const forecaster = createForecaster();
    this.on("input", (message, send) => {
      const [forecast] = forecaster.observe([
        { key: message.topic, time: Date.now(), value: message.payload },
      ]);
      if (forecast) send({ ...message, yhat: forecast.yhat, anomalyScore: forecast.anomalyScore });
    });
    this.on("close", () => forecaster.dispose());
  });
}
