"use strict";
const { test, expect } = require("@playwright/test");
const { Sim } = require("./index.js");
const { acquire } = require("./program.js");

const QR_CODE = 'img[src*="/connect/qrcode/"]';

class BrowserSim extends Sim {
  /** A phone that scans the QR code on this page. The page's requests for WeChat's hosts go to the simulator. */
  async phone(page) {
    await page.route(/^https?:\/\/[a-z.]+\.qq\.com\//, async (route) => {
      const request = route.request();
      const url = new URL(request.url());
      const headers = { ...(await request.allHeaders()), host: url.host, "x-forwarded-proto": url.protocol.slice(0, -1) };
      await route
        .fetch({ url: this.url + url.pathname + url.search, headers, maxRedirects: 0 })
        .then((response) => route.fulfill({ response }))
        .catch(() => route.abort().catch(() => {}));
    });
    const uuid = async () => {
      const codes = [page, page.frameLocator("iframe")].map((frame) => frame.locator(QR_CODE).first().getAttribute("src"));
      const source = await Promise.any(codes).catch(({ errors: [error] }) => {
        throw error;
      });
      return source.split("/connect/qrcode/")[1];
    };
    return {
      scan: async (user) => (await this.control("POST", `/logins/${await uuid()}/allow`, { user })).redirect_url,
      refuse: async (user) => void (await this.control("POST", `/logins/${await uuid()}/cancel`, { user })),
    };
  }
}

exports.expect = expect;
exports.test = test.extend({
  simOptions: [{}, { option: true }],
  sim: async ({ simOptions }, use, info) => {
    // Held until the worker ends, so that the next test finds the simulator running.
    await acquire(simOptions.options);
    const sim = await new BrowserSim(simOptions).start(info.titlePath.join(" > "));
    await use(sim);
    await sim.stop();
  },
});
