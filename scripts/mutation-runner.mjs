// Stryker's runner of vitest with one thing changed: what never ends is told by processor time, so that a mutant which is only
// slow on a busy machine does not count as noticed, and a loop without end costs seconds instead of the wait for a clock.
import { clearInterval, setInterval } from "node:timers";
import { strykerPlugins as plugins } from "@stryker-mutator/vitest-runner";
import stryker from "../stryker.config.js";

/** Processor time of a mutant beyond one and a half times what its tests took, by the clock, without one. */
const mostBeyond = 10_000;

const [plugin] = plugins;
const create = (injector) => bounded(plugin.factory(injector));
create.inject = plugin.factory.inject;
export const strykerPlugins = [{ ...plugin, name: "vitest-bounded", factory: create }];

function bounded(runner) {
  let thread;
  process.on("worker", (started) => (thread = started));
  const mutantRun = runner.mutantRun.bind(runner);
  runner.mutantRun = async (options) => {
    const most = options.timeout - stryker.timeoutMS + mostBeyond;
    const timeout = { status: "timeout", reason: `${Math.round(most)} ms of processor time were not enough` };
    const before = process.cpuUsage();
    let endless = false;
    const watch = setInterval(() => {
      const { user, system } = process.cpuUsage(before);
      if (endless || (user + system) / 1000 < most) return;
      endless = true;
      void thread.terminate();
    }, 500);
    try {
      const result = await mutantRun(options);
      return endless ? timeout : result;
    } catch (error) {
      if (endless) return timeout;
      throw error;
    } finally {
      clearInterval(watch);
    }
  };
  return runner;
}
