import type { HookOptions, Sim } from "./index.js";

/** Gives each test of the file, or of the `describe` block, a WeChat of its own: `const sim = useSim()`. */
export declare function useSim(options?: HookOptions): Sim;
