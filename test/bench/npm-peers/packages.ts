/** Forecasters of npm, installed by the bench into a folder of their own: the repository does not depend on them. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { horizon, window, type Peer } from "./protocol.js";

const packages = { arima: "0.2.8", "zodiac-ts": "1.0.3", "@bsull/augurs": "0.10.2" } as const;
const day = 24;

/** Installs the packages once. Says loudly why the bench goes on without them. */
function install(folder: string): boolean {
  if (Object.keys(packages).every((name) => existsSync(join(folder, "node_modules", name)))) return true;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true, dependencies: packages }));
  try {
    execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: folder });
    return true;
  } catch (error) {
    console.error(`SKIPPED: packages of npm, which could not be installed: ${String(error)}`);
    return false;
  }
}

/** A model that is fitted anew on the last rows at each origin. */
function refitted(name: string, fitAndForecast: (values: number[]) => ArrayLike<number>): Peer {
  return {
    name,
    forecasts: (series, origins) =>
      Promise.resolve(
        origins.map((at) =>
          Array.from(fitAndForecast([...series.subarray(at - window, at)])).slice(0, horizon),
        ),
      ),
  };
}

interface Arima {
  train(values: number[]): { predict(steps: number): [number[], number[]] };
}
interface HoltWinters {
  optimizeParameters(steps: number): unknown;
  predict(): (number | null)[];
}
interface Augurs {
  readonly initSync: (options: { module: Uint8Array }) => void;
  readonly MSTL: {
    ets(periods: number[]): {
      fit(values: number[]): void;
      predict(steps: number): { point: number[] };
      free(): void;
    };
  };
}

/** The peers of npm that could be installed in the folder. */
export async function packagePeers(folder: string): Promise<Peer[]> {
  if (!install(folder)) return [];
  const require = createRequire(join(folder, "any.js"));
  const Arima = require("arima") as new (options: object) => Arima;
  const { HoltWintersSmoothing } = require("zodiac-ts") as {
    HoltWintersSmoothing: new (values: number[], ...settings: (number | boolean)[]) => HoltWinters;
  };
  const augursFolder = join(folder, "node_modules/@bsull/augurs");
  const augurs = (await import(pathToFileURL(join(augursFolder, "mstl.js")).href)) as Augurs;
  augurs.initSync({ module: readFileSync(join(augursFolder, "mstl_bg.wasm")) });
  const arima = (name: string, options: object): Peer =>
    refitted(name, (values) => new Arima({ ...options, verbose: false }).train(values).predict(horizon)[0]);
  return [
    arima("arima (1,0,1)(0,1,1)24", { p: 1, d: 0, q: 1, P: 0, D: 1, Q: 1, s: day }),
    refitted("zodiac-ts Holt-Winters", (values) => {
      const model = new HoltWintersSmoothing(values, 0.5, 0.1, 0.5, day, false);
      model.optimizeParameters(8);
      return model.predict().slice(-horizon) as number[];
    }),
    refitted("@bsull/augurs MSTL", (values) => {
      const model = augurs.MSTL.ets([day]);
      model.fit(values);
      const { point } = model.predict(horizon);
      model.free();
      return point;
    }),
  ];
}
