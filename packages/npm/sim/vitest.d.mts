import type { TestAPI } from "vitest";
import type { HookOptions, Sim, SimOptions } from "./index.js";

/** Gives each test of the file, or of the `describe` block, a WeChat of its own: `const sim = useSim()`. */
export declare function useSim(options?: HookOptions): Sim;

/** vitest's `test` with the fixture `sim`, a WeChat of its own. `test.extend({ simOptions: … })` sets its options. */
export declare const test: TestAPI<{ sim: Sim; simOptions: SimOptions }>;
export declare const it: typeof test;
