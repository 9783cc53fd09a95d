// A website login with Auth.js (@auth/core) and its WeChat provider, as WeChat's own `text/plain` lets it.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

// The packages are where ./scripts/test put them: the first argument.
const require = createRequire(process.argv[2] + "/");
const { Auth } = await import(require.resolve("@auth/core"));
const { default: WeChat } = await import(require.resolve("@auth/core/providers/wechat"));
const { EnvHttpProxyAgent, setGlobalDispatcher } = await import(require.resolve("undici"));
// Before version 24, Node's fetch looks at no proxy by itself.
setGlobalDispatcher(new EnvHttpProxyAgent());

const site = "http://localhost:3000/auth";
const causes = [];
const config = {
  basePath: "/auth",
  secret: "a test",
  trustHost: true,
  logger: {
    error: (error) => causes.push(error.cause?.err?.code ?? error.cause?.err?.message ?? error.message),
    warn: () => {},
    debug: () => {},
  },
  providers: [
    WeChat({
      clientId: process.env.WEIXIN_APP_ID,
      clientSecret: process.env.WEIXIN_APP_SECRET,
      platformType: "WebsiteApp",
    }),
  ],
};

const cookies = new Map();
async function visit(url, options = {}) {
  const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
  const answer = await Auth(new Request(url, { ...options, headers: { cookie, ...options.headers } }), config);
  for (const line of answer.headers.getSetCookie()) {
    const [name, value] = line.split(";")[0].split(/=(.*)/s);
    cookies.set(name, value);
  }
  return answer;
}

const { csrfToken } = await (await visit(`${site}/csrf`)).json();
const login = await visit(`${site}/signin/wechat`, {
  method: "POST",
  headers: { "content-type": "application/x-www-form-urlencoded" },
  body: new URLSearchParams({ csrfToken, callbackUrl: "http://localhost:3000/in" }),
});
const page = await (await fetch(login.headers.get("location"))).text();
const uuid = /\/connect\/qrcode\/([^"]+)/.exec(page)[1];
const allowed = await fetch(`${process.env.WEIXIN_SIM_URL}/_sim/api/logins/${uuid}/allow`, { method: "POST" });
const { redirect_url } = await allowed.json();
const done = await visit(redirect_url);
const session = await (await visit(`${site}/session`)).json();

const { version } = JSON.parse(readFileSync(`${process.argv[2]}/node_modules/@auth/core/package.json`));
console.log(JSON.stringify({
  client: "@auth/core",
  version,
  seen: { goes_on_to: done.headers.get("location"), nickname: session?.user?.name ?? null, causes },
}));
