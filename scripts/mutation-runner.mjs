// Stryker's runner of vitest with one thing changed: what never ends is told by processor time, so that a mutant which is only
// slow on a busy machine does not count as noticed, and a loop without end costs seconds instead of the wait for a clock.
import { strykerPlugins as plugins } from "@stryker-mutator/vitest-runner";
import { clearInterval, setInterval } from "node:timers";

/** Of processor time, between the end of one test and the end of the next. The longest test takes one or two. */
const mostSeconds = 10;

const [plugin] = plugins;
const create = (injector) => bounded(plugin.factory(injector));
create.inject = plugin.factory.inject;
export const strykerPlugins = [{ ...plugin, name: "vitest-bounded", factory: create }];

function bounded(runner) {
  let thread;
  let since = process.cpuUsage();
  const progress = () => (since = process.cpuUsage());
  process.on("worker", (started) => (thread = started));

  const init = runner.init.bind(runner);
  runner.init = async () => {
    await init();
    runner.ctx.reporters.push({ onTestModuleCollected: progress, onTestCaseResult: progress });
  };

  const mutantRun = runner.mutantRun.bind(runner);
  runner.mutantRun = async (options) => {
    let endless = false;
    progress();
    const watch = setInterval(() => {
      const { user, system } = process.cpuUsage(since);
      if (endless || user + system < mostSeconds * 1e6) return;
      endless = true;
      void thread.terminate();
    }, 500);
    try {
      const result = await mutantRun(options);
      return endless ? { status: "timeout", reason: `no test ended within ${mostSeconds} s` } : result;
    } catch (error) {
      if (endless) return { status: "timeout", reason: `no test ended within ${mostSeconds} s` };
      throw error;
    } finally {
      clearInterval(watch);
    }
  };
  return runner;
}
