// A site with WeChat login, of Node's own modules. Its second argument is `right`, or the rule that it breaks; the first
// is the directory of the packages.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createRequire } from "node:module";

const [packages, breaks] = process.argv.slice(2);
// Before version 24, Node's fetch looks at no proxy by itself.
const { EnvHttpProxyAgent, setGlobalDispatcher } = await import(createRequire(packages + "/").resolve("undici"));
setGlobalDispatcher(new EnvHttpProxyAgent());

const app = { appid: process.env.WEIXIN_APP_ID };
const secret = { secret: process.env.WEIXIN_APP_SECRET };
const used = new Set();

async function call(path, parameters) {
  const response = await fetch(`https://api.weixin.qq.com${path}?${new URLSearchParams(parameters)}`);
  return JSON.parse(await response.text());
}

function login(response) {
  const constants = { "state-missing": "", "state-repeated": "a-constant-is-no-secret" };
  const state = constants[breaks] ?? randomBytes(24).toString("base64url");
  const redirect_uri = `http://localhost:${site.address().port}/callback`;
  const query = new URLSearchParams({ ...app, redirect_uri, response_type: "code", scope: "snsapi_login", state });
  response.writeHead(302, {
    Location: `https://open.weixin.qq.com/connect/qrconnect?${query}#wechat_redirect`,
    "Set-Cookie": `state=${state}; HttpOnly; SameSite=Lax`,
  });
  response.end();
}

async function callback(request, query) {
  const state = /(?:^|; )state=([^;]*)/.exec(request.headers.cookie ?? "")?.[1];
  if (breaks !== "state-missing" && state !== query.get("state")) return [403, "this login began in another browser"];
  const code = query.get("code");
  if (used.has(code) && breaks !== "code-twice") return [410, "this login is complete"];
  used.add(code);
  const token = await call("/sns/oauth2/access_token", { ...app, ...secret, code, grant_type: "authorization_code" });
  if (token.errcode) return [502, token.errmsg];
  const { access_token, openid } = token;
  const user = await call("/sns/userinfo", { access_token, openid });
  return [200, user.nickname];
}

const site = createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  if (pathname === "/login") return login(response);
  const [status, text] = await callback(request, searchParams);
  response.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" }).end(text);
});
site.listen(0, "127.0.0.1", () => console.log(`open http://localhost:${site.address().port}`));
