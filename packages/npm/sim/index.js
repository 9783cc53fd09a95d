"use strict";
const { request } = require("node:http");
const { acquire } = require("./program.js");

const WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI";

/** WeChat for one test, with a clock, apps, users, faults, a log and findings of its own. */
class Sim {
  #program;
  #world;
  #options;

  constructor(options = {}) {
    this.#options = options;
    this.fetch = this.fetch.bind(this);
  }

  /** Opens the world; one that is open already (`shared`) is reset. */
  async start(name = this.#options.name) {
    try {
      await this.#open();
      const { accept, autoAllow, seed } = this.#options;
      if (name) await this.control("PUT", "/test", { name: name.slice(0, 200) });
      if (accept) await this.control("PUT", "/findings/accepted", { rules: accept });
      if (autoAllow) await this.control("PUT", "/auto-allow", { answer: "allow", user: autoAllow });
      if (seed !== undefined) await this.control("POST", "/seed", { seed });
    } catch (error) {
      await this.end();
      throw error;
    }
    return this;
  }

  async #open() {
    if (this.#world) return this.control("POST", "/reset");
    this.#program = await acquire(this.#options.options);
    this.url = this.#program.url;
    this.#world = await this.control("POST", "/worlds", { idle_seconds: 86400 });
    this.url = this.#world.url;
  }

  /** Throws an error that names the findings that fail. */
  async check() {
    const failing = (await this.findings()).filter(({ fails }) => fails);
    if (failing.length === 0) return;
    const texts = failing.map(({ id, class: kind, remedy, sent }) => `${id} (${kind}): ${remedy.en}\n    sent: ${sent}`);
    const rules = failing.map(({ id }) => JSON.stringify(id)).join(", ");
    const error = new Error(`${texts.join("\n")}\nto accept a rule: accept: [${rules}]`);
    error.name = "WeixinFindings";
    throw error;
  }

  /** Ends the world, and throws an error if findings fail. */
  async stop() {
    if (!this.#world) return;
    try {
      await this.check();
    } finally {
      await this.end();
    }
  }

  /** Ends the world. */
  async end() {
    const [world, program] = [this.#world, this.#program];
    this.#world = undefined;
    if (world) await this.control("DELETE", `/worlds/${world.id}`).catch(() => {});
    this.#program = undefined;
    await program?.release();
  }

  async scan(loginUrl, user) {
    const allowed = await this.control("POST", `/logins/${await this.#qrCode(loginUrl)}/allow`, { user });
    return allowed.redirect_url;
  }

  async refuse(loginUrl) {
    await this.control("POST", `/logins/${await this.#qrCode(loginUrl)}/cancel`);
  }

  async openInWechat(loginUrl, user, { allow = true } = {}) {
    const cookie = user && `weixin-sim-user=${encodeURIComponent(user)}`;
    let page = await this.#loginPage(loginUrl, { "user-agent": WECHAT, ...(cookie && { cookie }) });
    const question = /action="(\/_sim\/phone\/[^"?]+)"/.exec(page.text);
    if (question) {
      const body = new URLSearchParams({ action: allow ? "allow" : "cancel", ...(user && { user }) }).toString();
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      page = await this.#send(this.url + question[1], { method: "POST", headers, body });
    }
    return page.headers.location ?? rejected(page);
  }

  async jsCode(user, appId) {
    const id = appId ?? (await this.app("mini-program")).id;
    return (await this.control("POST", `/apps/${id}/wx-login`, { user })).code;
  }

  async advance(seconds) {
    await this.control("POST", "/clock", { advance_seconds: seconds });
  }

  fault(effect, members) {
    return this.control("POST", "/faults", { effect, ...members });
  }

  async requests(path) {
    const all = await this.control("GET", "/requests");
    return path ? all.filter((each) => each.path === path) : all;
  }

  findings() {
    return this.control("GET", "/findings");
  }

  async app(kind = "website") {
    const apps = await this.control("GET", "/apps?secrets=true");
    const found = apps.find((app) => app.kind === kind);
    if (!found) throw new Error(`the simulator has no ${kind} app: register one with addApp`);
    return found;
  }

  addApp(id, members) {
    return this.control("PUT", `/apps/${id}`, members);
  }

  /** Calls the control API below /_sim/api. */
  async control(method, path, members = {}) {
    const body = method === "GET" ? undefined : JSON.stringify(members);
    const { status, text } = await this.#send(`${this.url}/_sim/api${path}`, { method, body });
    if (status < 400) return JSON.parse(text || "null");
    throw new Error(`the WeChat simulator rejects ${method} ${path}: ${status} ${text}`);
  }

  /** `fetch` that sends requests for WeChat's hosts to this world. */
  async fetch(input, init) {
    const sent = new Request(input, init);
    if (!isWechat(new URL(sent.url))) return fetch(sent);
    const body = Buffer.from(await sent.arrayBuffer());
    const options = { method: sent.method, headers: Object.fromEntries(sent.headers), body };
    const { status, headers, bytes } = await this.#send(sent.url, options).catch((cause) => {
      throw new TypeError("fetch failed", { cause });
    });
    const answer = new Response(bytes, { status });
    for (const [name, values] of Object.entries(headers)) {
      for (const value of [values].flat()) answer.headers.append(name, value);
    }
    return answer;
  }

  async #qrCode(loginUrl) {
    if (!loginUrl) return (await this.control("POST", "/wait-for", { login: { step: "opened" } })).login.uuid;
    const page = await this.#loginPage(loginUrl);
    if (page.headers.location) throw new Error(`no phone is needed: the login page has redirected to ${page.headers.location}`);
    return /\/connect\/qrcode\/([^"]+)/.exec(page.text)?.[1] ?? rejected(page);
  }

  #loginPage(loginUrl, headers) {
    const url = new URL(loginUrl);
    if (isWechat(url) || url.href.startsWith(`${this.url}/`)) return this.#send(loginUrl, { headers });
    throw new Error(`${loginUrl} is no login page of WeChat: give the URL to which your site redirects`);
  }

  /** Sends a request to this world, also one for WeChat's hosts, and follows no redirect. */
  #send(address, { method = "GET", headers = {}, body } = {}) {
    const url = new URL(address);
    const forwarded = isWechat(url) && { host: url.host, "x-forwarded-proto": url.protocol.slice(0, -1) };
    const length = body?.length ? { "content-length": Buffer.byteLength(body) } : {};
    return new Promise((resolve, reject) => {
      const target = this.url + url.pathname + url.search;
      const options = { method, headers: { ...headers, ...forwarded, ...length }, agent: false };
      const sent = request(target, options, async (answer) => {
        const chunks = [];
        try {
          for await (const chunk of answer) chunks.push(chunk);
        } catch (error) {
          return reject(error);
        }
        const bytes = Buffer.concat(chunks);
        resolve({ status: answer.statusCode, headers: answer.headers, bytes, text: bytes.toString() });
      });
      sent.on("error", (error) => this.#program.check().then(() => reject(error), reject));
      sent.end(body);
    });
  }
}

if (Symbol.asyncDispose) {
  Sim.prototype[Symbol.asyncDispose] = function () {
    return this.stop();
  };
}

function isWechat(url) {
  return url.hostname.endsWith(".qq.com");
}

function rejected({ text }) {
  const heading = /<h1[^>]*>(.*?)<\/h1>/s.exec(text)?.[1] ?? text;
  throw new Error(`WeChat's page rejects this login: ${heading.trim()}`);
}

exports.Sim = Sim;
exports.startSim = function startSim(options) {
  return new Sim(options).start();
};
