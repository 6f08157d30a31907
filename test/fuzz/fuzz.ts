/** Hostile messages through the whole middle of a task, and the good ones among them once more without the others. */
import { uniform } from "../../src/engine/random.js";
import { errors } from "../../src/errors/errors.js";
import { Forecaster } from "../../src/forecast/forecaster.js";
import type { InputRecord, OutputRecord } from "../../src/pipeline/ports.js";
import { modelSettings, pipelineSettings } from "../../src/pipeline/settings.js";
import { Stage } from "../../src/pipeline/task/stage.js";
import { hostileMessages, type Message } from "./hostile.js";

export interface FuzzReport {
  readonly messages: number;
  readonly seed: number;
  readonly forecasts: number;
  readonly deadLetters: number;
  /** Messages that threw, were lost, or had another fate than the one they were made for; with how they were made. */
  readonly crashes: number;
  readonly lost: number;
  readonly wrong: number;
  /** Forecasts of good messages that differ from those of a run without the bad ones. */
  readonly differing: number;
  readonly byCode: Readonly<Record<string, number>>;
  readonly details: readonly string[];
  readonly seconds: number;
}

const settings = pipelineSettings({});
const model = modelSettings({ hidden: 8, readout: "shared" }, settings.decode);
const origin = { topic: "readings", partition: 0 };
const chunk = 10_000;

class Run {
  readonly forecaster = new Forecaster(model);
  readonly stage = new Stage(this.forecaster, settings, origin);

  dispose(): void {
    this.forecaster.dispose();
  }
}

const text = (record: OutputRecord, name: string): string =>
  Buffer.from(record.headers.findLast((header) => header.name === name)?.value ?? []).toString();

/** Runs `messages` hostile messages in batches of any size. */
export function fuzz(messages: number, seed: number): FuzzReport {
  const began = performance.now();
  const source = hostileMessages(seed);
  const random = uniform(seed + 1);
  const [whole, clean] = [new Run(), new Run()];
  const byCode: Record<string, number> = {};
  const details: string[] = [];
  const count = { forecasts: 0, deadLetters: 0, crashes: 0, lost: 0, wrong: 0, differing: 0 };
  const note = (which: "crashes" | "lost" | "wrong" | "differing", what: string): void => {
    count[which]++;
    if (details.length < 20) details.push(`${which}: ${what}`);
  };
  for (let done = 0; done < messages;) {
    const some: Message[] = [];
    const size = Math.min(messages - done, 1 + Math.floor(random() * chunk));
    for (let i = 0; i < size; i++) some.push(source.next().value as Message);
    done += size;
    const byOffset = new Map(some.map((message) => [message.record.offset, message]));
    let output;
    try {
      output = whole.stage.process(some.map(({ record }) => record));
    } catch (error) {
      note("crashes", String(error));
      break;
    }
    count.forecasts += output.forecasts.length;
    count.deadLetters += output.deadLetters.length;
    const refused = new Set<number>();
    for (const letter of output.deadLetters) {
      const offset = Number(text(letter, "undercurrent-offset"));
      const code = text(letter, "undercurrent-code");
      byCode[code] = (byCode[code] ?? 0) + 1;
      const message = byOffset.get(offset);
      refused.add(offset);
      if (message === undefined || message.verdict === "good")
        note("wrong", `${message?.kind ?? "nothing"}: ${code}`);
      else if (!(code in errors) || text(letter, "undercurrent-reason") === "")
        note("wrong", `no reason: ${message.kind}`);
      else if (letter.value !== message.record.value || letter.key !== message.record.key)
        note("wrong", `other bytes: ${message.kind}`);
    }
    const taken = some.filter(({ record }) => !refused.has(record.offset));
    for (const { verdict, kind } of taken) if (verdict === "bad") note("wrong", `forecast: ${kind}`);
    if (taken.length !== output.forecasts.length || refused.size !== output.deadLetters.length) {
      note("lost", `${taken.length} taken, ${output.forecasts.length} forecasts`);
    }
    compare(
      output.forecasts,
      clean.stage,
      taken.map(({ record }) => record),
      (what) => note("differing", what),
    );
  }
  whole.dispose();
  clean.dispose();
  return { messages, seed, ...count, byCode, details, seconds: (performance.now() - began) / 1000 };
}

/** Forecasts of the same good records where there was nothing else, cut into other batches. */
function compare(
  forecasts: readonly OutputRecord[],
  stage: Stage,
  good: readonly InputRecord[],
  differs: (what: string) => void,
): void {
  const half = good.length >> 1;
  const again = [good.slice(0, half), good.slice(half)].flatMap((part) => [...stage.process(part).forecasts]);
  forecasts.forEach(({ value }, i) => {
    if (Buffer.compare(value!, again[i]?.value ?? new Uint8Array()) !== 0)
      differs(Buffer.from(value!).toString());
  });
}
