import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { startSim } from "@weixin-login/sim";
import { withSim } from "@weixin-login/sim/node-test";

const loginUrl = (app, state = "8d3f0a6be1c94f27") =>
  `https://open.weixin.qq.com/connect/qrconnect?appid=${app.id}&scope=snsapi_login&response_type=code&state=${state}` +
  `&redirect_uri=${encodeURIComponent("http://localhost:5000/callback")}`;

async function token(sim, callback, app) {
  const code = new URL(callback).searchParams.get("code");
  const query = new URLSearchParams({ appid: app.id, secret: app.secret, code, grant_type: "authorization_code" });
  return (await sim.fetch(`https://api.weixin.qq.com/sns/oauth2/access_token?${query}`)).json();
}

async function profile(sim, { access_token, openid }) {
  const query = new URLSearchParams({ access_token, openid });
  return (await sim.fetch(`https://api.weixin.qq.com/sns/userinfo?${query}`)).json();
}

test("a user scans, and the token expires", withSim(async (sim) => {
  const app = await sim.app();
  const callback = await sim.scan(loginUrl(app), "layla");
  const granted = await token(sim, callback, app);
  assert.match((await profile(sim, granted)).nickname, /layla/);
  await sim.advance(7200);
  assert.equal((await profile(sim, granted)).errcode, 42001);
  assert.equal((await sim.requests("/sns/userinfo")).length, 2);
}));

test("a user refuses, and scans again", withSim(async (sim) => {
  const page = `${sim.url}/connect/qrconnect?${loginUrl(await sim.app()).split("?")[1]}`;
  await sim.refuse(page);
  assert.match(await sim.scan(page), /code=/);
}));

test("a browser opens the login page", withSim(async (sim) => {
  const scanned = sim.scan(undefined, "anna");
  await sim.fetch(loginUrl(await sim.app()));
  assert.match(await scanned, /code=/);
}));

test("an official account's login inside WeChat", withSim(async (sim) => {
  const app = await sim.app("official-account");
  const login = loginUrl(app).replace("qrconnect", "oauth2/authorize").replace("snsapi_login", "snsapi_userinfo");
  const callback = await sim.openInWechat(login, "layla");
  assert.match((await profile(sim, await token(sim, callback, app))).nickname, /layla/);
  assert.match(await sim.openInWechat(login, "anna", { allow: false }), /code=authdeny/);
}));

test("a mini program", withSim(async (sim) => {
  assert.ok(await sim.jsCode("layla"));
}));

test("faults", withSim(async (sim) => {
  const app = await sim.app();
  await sim.fault({ errcode: -1 }, { path: "/sns/oauth2/access_token" });
  assert.equal((await token(sim, await sim.scan(loginUrl(app)), app)).errcode, -1);
  await sim.fault("reset", { path: "/sns/oauth2/access_token" });
  await assert.rejects(token(sim, await sim.scan(loginUrl(app, "0123456789abcdef")), app), TypeError);
}));

test("another app, and WeChat's error page", withSim(async (sim) => {
  const app = await sim.addApp("wx1111111111111111", { callback_domains: ["www.example.com"] });
  assert.deepEqual(app.callback_domains, ["www.example.com"]);
  await assert.rejects(sim.scan(loginUrl({ id: "wx2222222222222222" })), /WeChat's page rejects this login: /);
  await assert.rejects(sim.scan("https://www.example.com/login"), /is no login page of WeChat/);
}));

test("auto-allow and a seed", withSim({ autoAllow: "layla", seed: 1 }, async (sim) => {
  const page = await sim.fetch(loginUrl(await sim.app()));
  assert.match(page.headers.get("location"), /code=/);
}));

test("an accepted finding", withSim({ accept: ["state-short"] }, async (sim) => {
  await sim.scan(loginUrl(await sim.app(), "s1"));
  assert.equal((await sim.findings()).find(({ id }) => id === "state-short").fails, false);
}));

test("a finding fails the test, with its remedy", async () => {
  const run = withSim(async (sim) => void (await sim.scan(loginUrl(await sim.app(), "s1"))));
  await assert.rejects(run({ name: "inner" }), {
    name: "WeixinFindings",
    message: `state-short (unsafe): use at least 16 random characters: a short state can be guessed
    sent: state=s1
to accept a rule: accept: ["state-short"]`,
  });
});

test("a finding does not hide why the test fails", async () => {
  const run = withSim(async (sim) => {
    await sim.scan(loginUrl(await sim.app(), "s1"));
    throw new Error("the site does not respond");
  });
  await assert.rejects(run({ name: "inner" }), /^AggregateError: the site does not respond\nstate-short \(unsafe\)/);
});

test("an unknown rule", async () => {
  await assert.rejects(startSim({ accept: ["no-such-rule"] }), /rejects PUT \/findings\/accepted: 400 .*state-short/);
});

test("two tests in parallel move their clocks", { concurrency: true }, async (t) => {
  const moved = (seconds) =>
    withSim(async (sim) => {
      const { now } = await sim.control("GET", "/clock");
      await sim.advance(seconds);
      const after = await sim.control("GET", "/clock");
      assert.ok(after.now - now >= seconds && after.now - now < seconds + 100);
    });
  await Promise.all([t.test("an hour", moved(3600)), t.test("a day", moved(86400))]);
});

test("stop ends the simulator, and await using calls it", async () => {
  const sim = await startSim({ options: ["--quotas"] });
  const { url } = sim;
  await sim[Symbol.asyncDispose]();
  await sim.stop();
  await assert.rejects(fetch(url));
});

test("a simulator that dies", async () => {
  const sim = await startSim({ options: ["--strict-order"] });
  const pid = execFileSync("pgrep", ["-P", process.pid, "-f", "strict-order"]).toString().trim();
  process.kill(Number(pid), "SIGKILL");
  await assert.rejects(sim.stop(), /the WeChat simulator has ended: SIGKILL/);
});

test("a wrong option", async () => {
  await assert.rejects(startSim({ options: ["--no-such-option"] }), /the WeChat simulator has ended: exit code 2\n[^]*no-such-option/);
});

test("a missing program", () => {
  const script = 'require("@weixin-login/sim").startSim().catch((error) => console.log(error.message))';
  const { stdout } = spawnSync(process.execPath, ["-e", script], { env: { PATH: "/nowhere" }, encoding: "utf8" });
  // The second text is of @weixin-login/cli, if that is installed without its program.
  assert.match(stdout, /^(there is no program weixin: |the program weixin is missing: )[^]*npm install /);
});

test("the simulator ends with a process that is killed", async () => {
  const script = 'require("@weixin-login/sim").startSim().then(({ url }) => { console.log(url); process.kill(process.pid, "SIGKILL"); })';
  const { stdout } = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" });
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await fetch(stdout.trim());
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail("it still responds");
});
