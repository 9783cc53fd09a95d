import type { Page, PlaywrightTestArgs, PlaywrightTestOptions, PlaywrightWorkerArgs, PlaywrightWorkerOptions, TestType } from "@playwright/test";
import type { Sim, SimOptions } from "./index.js";

export { expect } from "@playwright/test";

export interface Phone {
  /** Scans the QR code on the page and allows the login; the page then redirects to the callback, whose URL is returned. */
  scan(user?: string): Promise<string>;
  /** Scans the QR code on the page and cancels. */
  refuse(user?: string): Promise<void>;
}

export interface BrowserSim extends Sim {
  /** A phone for a page. From now on, the page's requests for WeChat's hosts go to the simulator. */
  phone(page: Page): Promise<Phone>;
}

/** Playwright's `test` with the fixture `sim`, a WeChat of its own. `test.use({ simOptions: … })` sets its options. */
export declare const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & { sim: BrowserSim; simOptions: SimOptions },
  PlaywrightWorkerArgs & PlaywrightWorkerOptions
>;
