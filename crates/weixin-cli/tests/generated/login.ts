// Logs a user in, moves the clock and reads the findings, with openapi-fetch and the types that openapi-typescript
// generated. Argument: the simulator's URL.
import createClient from "openapi-fetch";
import type { paths } from "./schema.js";

const url = process.argv[2];
const client = createClient<paths>({ baseUrl: url });
const app = "wx0123456789abcdef";

/** The data of a successful response. */
function data<T>({ data, error }: { data?: T; error?: unknown }): T {
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

async function get(path: string, parameters: Record<string, string>): Promise<string> {
  const response = await fetch(`${url}${path}?${new URLSearchParams(parameters)}`);
  return response.text();
}

await get("/connect/qrconnect", {
  appid: app,
  redirect_uri: "http://localhost/cb",
  response_type: "code",
  scope: "snsapi_login",
  state: "s",
});
const step = data(await client.POST("/_sim/api/wait-for", { body: { login: { after: 0, step: "opened" } } }));
if (!("step" in step)) throw new Error("no step");
const [login] = data(await client.GET("/_sim/api/logins"));
const allowed = data(
  await client.POST("/_sim/api/logins/{uuid}/{action}", {
    params: { path: { uuid: login.uuid, action: "allow" } },
    body: { user: "layla" },
  }),
);
if (!("redirect_url" in allowed)) throw new Error("no callback");
const code = new URL(allowed.redirect_url).searchParams.get("code") ?? "";
const fault = data(
  await client.POST("/_sim/api/faults", { body: { effect: { errcode: -1 }, path: "/sns/oauth2/access_token" } }),
);
const exchange = { appid: app, secret: "s".repeat(32), code, grant_type: "authorization_code" };
const first = JSON.parse(await get("/sns/oauth2/access_token", exchange));
const token = JSON.parse(await get("/sns/oauth2/access_token", exchange));
const clock = data(await client.POST("/_sim/api/clock", { body: { advance_seconds: 7200 } }));
const expired = JSON.parse(await get("/sns/auth", { access_token: token.access_token, openid: token.openid }));
const { struck } = data(await client.GET("/_sim/api/faults/{id}", { params: { path: { id: fault.id } } }));
const request = { path: "/sns/oauth2/access_token" };
const twice = data(await client.POST("/_sim/api/verify", { body: { request, exactly: 2 } }));
const once = await client.POST("/_sim/api/verify", { body: { request, exactly: 1 } });
const unknown = await client.POST("/_sim/api/logins/{uuid}/{action}", {
  params: { path: { uuid: "none", action: "scan" } },
  body: {},
});
const findings = data(await client.GET("/_sim/api/findings"));
console.log(
  JSON.stringify({
    opened: step.step.step,
    first: first.errcode,
    struck,
    moved: clock.now > step.step.at + 7199,
    expired: expired.errcode,
    exchanges: twice.ok,
    once: once.error?.error.rule,
    findings: [...new Set(findings.map((finding) => finding.id))].sort(),
    unknown: [unknown.response.status, unknown.error?.error.field],
  }),
);
