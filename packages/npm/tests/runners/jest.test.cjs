const { useSim } = require("@weixin-login/sim/jest");

const loginUrl = (app, state = "8d3f0a6be1c94f27") =>
  `https://open.weixin.qq.com/connect/qrconnect?appid=${app.id}&scope=snsapi_login&response_type=code&state=${state}` +
  `&redirect_uri=${encodeURIComponent("http://localhost:5000/callback")}`;

describe("a world for each test", () => {
  const sim = useSim();
  const urls = new Set();

  test.each(["layla", "anna"])("%s logs in", async (user) => {
    urls.add(sim.url);
    expect(await sim.scan(loginUrl(await sim.app()), user)).toMatch(/code=/);
    expect(await sim.requests()).toHaveLength(1);
    expect((await sim.control("GET", "/test")).name).toBe(`a world for each test ${user} logs in`);
  });

  test("their URLs differ", () => expect(urls.size).toBe(2));
});

describe("one world", () => {
  const sim = useSim({ shared: true, accept: ["state-short"] });
  let url;
  beforeAll(() => (url = sim.url));

  test.each([1, 2])("is reset before each test: %i", async () => {
    expect(sim.url).toBe(url);
    expect(await sim.requests()).toEqual([]);
    await sim.scan(loginUrl(await sim.app(), "s1"));
  });
});

// Run by failures.mjs only, which expects them to fail.
if (process.env.WITH_FAILURES) describe("failures", () => {
  const sim = useSim();
  test("a short state", async () => void (await sim.scan(loginUrl(await sim.app(), "s1"))));
});
