import * as vitest from "vitest";
import { hooks } from "./hooks.js";
import { Sim } from "./index.js";
import { acquire } from "./program.js";

export const useSim = (options) => hooks(vitest, options);

export const test = vitest.test.extend({
  simOptions: {},
  sim: async ({ simOptions, task }, use) => {
    // Held until the process ends, so that the next test finds the simulator running.
    await acquire(simOptions.options);
    const names = [];
    for (let each = task; each?.name && each !== task.file; each = each.suite) names.unshift(each.name);
    const sim = await new Sim(simOptions).start(names.join(" > "));
    await use(sim);
    await sim.stop();
  },
});
export const it = test;
