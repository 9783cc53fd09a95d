// A whole site with Auth.js, whose users log in with WeChat, in a browser.
import { ExpressAuth, getSession } from "@auth/express";
import WeChat from "@auth/core/providers/wechat";
import express from "express";
import { expect, test as base } from "@weixin-login/sim/playwright";

const test = base.extend({
  site: async ({ sim }, use) => {
    const app = await sim.app();
    const provider = WeChat({
      clientId: app.id,
      clientSecret: app.secret,
      platformType: "WebsiteApp",
      token: { url: `${sim.url}/sns/oauth2/access_token` },
      userinfo: { url: `${sim.url}/sns/userinfo` },
    });
    const config = { basePath: "/auth", secret: "a secret of the tests", trustHost: true, providers: [provider] };
    const site = express();
    site.use(/^\/auth\/(.*)/, ExpressAuth(config));
    site.get("/", async (request, response) => {
      const session = await getSession(request, config);
      response.send(session ? `Hello ${session.user.name}!` : "Please log in");
    });
    const server = site.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    await use(`http://localhost:${server.address().port}`);
    server.closeAllConnections();
    server.close();
  },
});

test("a user logs in with WeChat", async ({ sim, site, page }) => {
  const phone = await sim.phone(page);
  await page.goto(`${site}/auth/signin?callbackUrl=/`);
  await page.getByRole("button", { name: "WeChat" }).click();
  await phone.scan("layla");
  await expect(page.getByText(/^Hello .*layla/)).toBeVisible();
});

test("a user refuses, and scans again", async ({ sim, site, page }) => {
  const phone = await sim.phone(page);
  await page.goto(`${site}/auth/signin?callbackUrl=/`);
  await page.getByRole("button", { name: "WeChat" }).click();
  await phone.refuse();
  await phone.scan();
  await page.waitForURL(`${site}/`);
});
