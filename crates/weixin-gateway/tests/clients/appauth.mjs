// AppAuth for JavaScript in Node: a program that opens the system's browser, and listens for its callback.
import { chmodSync, writeFileSync } from "node:fs";
import { Server } from "node:http";
import { register } from "node:module";
import { CLIENT_ID, CLIENT_SECRET, ISSUER, PUBLIC_ID, WRONG_SECRET, claims, failure, report } from "./client.mjs";

// The package imports files without `.js`, as bundlers allow.
const hook = `export const resolve = (name, context, next) =>
  next(/^\\.\\.?\\//.test(name) && !/js$/.test(name) ? name + ".js" : name, context).catch(() => next(name, context));`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const appauth = await import("@openid/appauth");
const { NodeBasedHandler, NodeCrypto, NodeRequestor } = await import("@openid/appauth/built/src/node_support/index.js");
appauth.setFlag("IS_LOG", false);

// The system's browser, which the package opens by this name.
writeFileSync("xdg-open", '#!/bin/sh\nexec curl -sG "$BROWSER" --data-urlencode "url=$1"\n');
chmodSync("xdg-open", 0o755);
process.env.PATH = `${process.cwd()}:${process.env.PATH}`;
// The package listens on all addresses.
const { listen } = Server.prototype;
Server.prototype.listen = function (port) {
  return listen.call(this, port, "127.0.0.1");
};

const { PORT } = process.env;
const redirect_uri = `http://127.0.0.1:${PORT}/callback`;

async function login({ method = "client_secret_post", ...wrong } = {}) {
  const requestor = new NodeRequestor();
  const server = await appauth.AuthorizationServiceConfiguration.fetchFromIssuer(ISSUER, requestor);
  const client_id = method === "none" ? PUBLIC_ID : CLIENT_ID;
  const request = new appauth.AuthorizationRequest(
    { client_id, redirect_uri, scope: "openid profile", response_type: "code" },
    new NodeCrypto(),
  );
  const handler = new NodeBasedHandler(Number(PORT));
  const notifier = new appauth.AuthorizationNotifier();
  handler.setAuthorizationNotifier(notifier);
  const done = new Promise((resolve) => notifier.setAuthorizationListener((_, response) => resolve(response)));
  handler.performAuthorizationRequest(server, request);
  const { code, state } = await done;
  if (state !== request.state) throw new Error("state");
  const extras = { code_verifier: wrong.verifier ?? request.internal.code_verifier };
  if (method !== "none") extras.client_secret = wrong.secret ?? CLIENT_SECRET;
  const exchange = new appauth.TokenRequest(
    { client_id, redirect_uri, grant_type: "authorization_code", code, extras },
  );
  const tokens = await new appauth.BaseTokenRequestHandler(requestor).performTokenRequest(server, exchange);
  const userinfo = await requestor.xhr({
    url: server.userInfoEndpoint,
    method: "GET",
    dataType: "json",
    headers: { Authorization: `Bearer ${tokens.accessToken}` },
  });
  const idToken = JSON.parse(Buffer.from(tokens.idToken.split(".")[1], "base64url"));
  return { id_token: claims(idToken), userinfo: claims(userinfo) };
}

const logins = [];
for (const method of ["client_secret_post", "none"]) {
  logins.push({ method, ...(await login({ method })) });
}
report("@openid/appauth", logins, {
  "wrong secret": await failure(() => login({ secret: WRONG_SECRET })),
  "wrong verifier": await failure(() => login({ method: "none", verifier: "x".repeat(43) })),
});
