/** A network of TensorFlow.js that a program would write itself: two days in, one day out, trained once on the history. */
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-cpu";
import { history, horizon, type Peer } from "./protocol.js";

const lags = 48;
const units = 32;
const epochs = 4;

export const tfjsPeer: Peer = {
  name: "tfjs dense 48-32-24",
  async forecasts(series, origins) {
    await tf.setBackend("cpu");
    const count = history - lags - horizon;
    const inputs = tf.tensor2d(Array.from({ length: count }, (_, i) => [...series.subarray(i, i + lags)]));
    const targets = tf.tensor2d(
      Array.from({ length: count }, (_, i) => [...series.subarray(i + lags, i + lags + horizon)]),
    );
    const initializer = (seed: number) => layers.initializers.glorotUniform({ seed });
    const model = layers.sequential({
      layers: [
        layers.layers.dense({
          inputShape: [lags],
          units,
          activation: "relu",
          kernelInitializer: initializer(1),
        }),
        layers.layers.dense({ units: horizon, kernelInitializer: initializer(2) }),
      ],
    });
    model.compile({ optimizer: "adam", loss: "meanAbsoluteError" });
    await model.fit(inputs, targets, { epochs, batchSize: 64, shuffle: false, callbacks: [] });
    const forecasts = origins.map((at) =>
      (model.predict(tf.tensor2d([[...series.subarray(at - lags, at)]])) as tf.Tensor).dataSync(),
    );
    tf.disposeVariables();
    return forecasts;
  },
};
