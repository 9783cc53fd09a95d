import { defineConfig } from "@playwright/test";

// The Chromium of this machine; Playwright downloads none.
const launchOptions = { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] };
export default defineConfig({ testMatch: "*.spec.mjs", timeout: 20_000, reporter: "list", outputDir: process.env.RESULTS, use: { launchOptions } });
