import type { TestContext } from "node:test";
import type { Sim, SimOptions } from "./index.js";

type Run = (sim: Sim, t: TestContext) => void | Promise<void>;

/** Gives a test a WeChat of its own: `test("login", withSim(async (sim, t) => …))`. */
export declare function withSim(run: Run): (t: TestContext) => Promise<void>;
export declare function withSim(options: SimOptions, run: Run): (t: TestContext) => Promise<void>;
