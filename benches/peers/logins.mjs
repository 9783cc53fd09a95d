// What every Node peer does with its input: each line is a batch of codes, `done` follows.

import assert from "node:assert";
import { createInterface } from "node:readline";

export const APP = "wx0123456789abcdef";
export const SECRET = "s".repeat(32);
// The simulator, where WeChat's own hosts would be.
export const ORIGIN = process.argv[2];

export async function run(nicknameOf) {
  for await (const batch of createInterface({ input: process.stdin })) {
    for (const code of batch.split(" ").filter(Boolean)) {
      assert.equal(await nicknameOf(code), "小明🐼é");
    }
    console.log("done");
  }
}
