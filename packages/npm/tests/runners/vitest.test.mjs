import { beforeAll, describe, expect, test as plain } from "vitest";
import { test, useSim } from "@weixin-login/sim/vitest";

const loginUrl = (app, state = "8d3f0a6be1c94f27") =>
  `https://open.weixin.qq.com/connect/qrconnect?appid=${app.id}&scope=snsapi_login&response_type=code&state=${state}` +
  `&redirect_uri=${encodeURIComponent("http://localhost:5000/callback")}`;

test("layla logs in", async ({ sim }) => {
  expect(await sim.scan(loginUrl(await sim.app()), "layla")).toMatch(/code=/);
  expect((await sim.control("GET", "/test")).name).toBe("layla logs in");
});

describe.concurrent("tests in parallel move their clocks", () => {
  for (const seconds of [3600, 86400]) {
    test(`by ${seconds}`, async ({ sim, expect }) => {
      const { now } = await sim.control("GET", "/clock");
      await sim.advance(seconds);
      const passed = (await sim.control("GET", "/clock")).now - now;
      expect(passed).toBeGreaterThanOrEqual(seconds);
      expect(passed).toBeLessThan(seconds + 100);
    });
  }
});

const tolerant = test.extend({ simOptions: { accept: ["state-short"] } });
tolerant("an accepted finding", async ({ sim }) => {
  await sim.scan(loginUrl(await sim.app(), "s1"));
});

describe("one world", () => {
  const sim = useSim({ shared: true });
  let url;
  beforeAll(() => {
    url = sim.url;
  });

  plain.each([1, 2])("is reset before each test: %i", async () => {
    expect(sim.url).toBe(url);
    expect(await sim.requests()).toEqual([]);
    await sim.scan(loginUrl(await sim.app()));
  });
});

// Run by failures.mjs only, which expects it to fail.
if (process.env.WITH_FAILURES) {
  describe("failures", () => {
    test("a short state", async ({ sim }) => void (await sim.scan(loginUrl(await sim.app(), "s1"))));
  });
}
