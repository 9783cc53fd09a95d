// What the site of site.spec.mjs does not show.
import { expect, test } from "@weixin-login/sim/playwright";

const loginUrl = (app, state = "8d3f0a6be1c94f27") =>
  `https://open.weixin.qq.com/connect/qrconnect?appid=${app.id}&scope=snsapi_login&response_type=code&state=${state}` +
  `&redirect_uri=${encodeURIComponent("http://localhost:5000/callback")}`;

test("a login page in a frame", async ({ sim, page }) => {
  const phone = await sim.phone(page);
  const login = loginUrl(await sim.app());
  await page.route("http://localhost:5000/**", (route) => {
    const frame = `<iframe sandbox="allow-scripts allow-same-origin allow-top-navigation" src="${login}"></iframe>`;
    const callback = route.request().url().includes("/callback?");
    return route.fulfill({ contentType: "text/html", body: callback ? "Hello" : frame.replaceAll("&", "&amp;") });
  });
  await page.goto("http://localhost:5000/");
  const callback = await phone.scan("layla");
  expect(callback).toMatch(/^http:\/\/localhost:5000\/callback\?code=/);
  await expect(page.getByText("Hello")).toBeVisible();
});

test.describe("an accepted finding", () => {
  test.use({ simOptions: { accept: ["state-short"] } });
  test("does not fail", async ({ sim }) => void (await sim.scan(loginUrl(await sim.app(), "s1"))));
});

if (process.env.WITH_FAILURES) {
  test("a short state", async ({ sim }) => void (await sim.scan(loginUrl(await sim.app(), "s1"))));
}
