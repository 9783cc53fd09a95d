// Compiled only: the types of every entry, as TypeScript's users see them.
import nodeTest from "node:test";
import { binPath } from "@weixin-login/cli";
import { startSim, type Finding, type Sim } from "@weixin-login/sim";
import { useSim as useSimOfJest } from "@weixin-login/sim/jest";
import { withSim } from "@weixin-login/sim/node-test";
import { expect, test as browserTest } from "@weixin-login/sim/playwright";
import { test as vitestTest, useSim } from "@weixin-login/sim/vitest";

export const path: string = binPath();

export async function login(): Promise<Finding[]> {
  await using sim = await startSim({ accept: ["state-short"], seed: 1 });
  await sim.fault({ errcode: -1 }, { path: "/sns/userinfo", times: null });
  // @ts-expect-error: no such effect
  await sim.fault("no-such-effect");
  const response: Response = await sim.fetch(await sim.scan(new URL(sim.url), "layla"));
  await response.json();
  return sim.findings();
}

nodeTest("login", withSim({ autoAllow: "layla" }, async (sim, t) => t.diagnostic(sim.url)));
nodeTest("login", withSim(async (sim) => void (await sim.jsCode())));

const hooks: Sim[] = [useSim({ shared: true }), useSimOfJest()];
// @ts-expect-error: a world is shared by hooks only
await startSim({ shared: true });
hooks.pop();

vitestTest("login", async ({ sim }) => sim.advance(7200));
const tolerant = vitestTest.extend({ simOptions: { accept: ["state-short"] } });
tolerant("login", async ({ sim }) => void (await sim.app("mini-program")).secret);

browserTest.use({ simOptions: { accept: ["state-short"] } });
browserTest("login", async ({ page, sim }) => {
  const phone = await sim.phone(page);
  await phone.scan("layla");
  await expect(page.getByText("layla")).toBeVisible();
});
