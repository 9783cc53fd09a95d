// A finding fails the test in each runner, by name, with its remedy.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const runs = {
  jest: ["jest", "--rootDir", ".", "--testMatch", "**/jest.test.cjs", "--testNamePattern", "failures"],
  vitest: ["vitest", "run", "vitest.test.mjs", "--testNamePattern", "failures"],
  playwright: ["playwright", "test", "--grep", "short state"],
};

for (const [runner, command] of Object.entries(runs)) {
  test(runner, () => {
    const env = { ...process.env, WITH_FAILURES: "1", NO_COLOR: "1" };
    delete env.NODE_TEST_CONTEXT;
    delete env.FORCE_COLOR;
    const { status, stdout, stderr } = spawnSync("npx", command, { env, encoding: "utf8" });
    assert.equal(status, 1, stdout + stderr);
    assert.match(stdout + stderr, /1 failed/);
    assert.match(stdout + stderr, /a short state/);
    assert.match(stdout + stderr, /state-short \(unsafe\): use at least 16 random characters: a short state can be guessed/);
  });
}
