// oauth4webapi.
import * as oauth from "oauth4webapi";
import {
  CLIENT_ID, CLIENT_SECRET, ISSUER, PUBLIC_ID, REDIRECT_URI, WRONG_ISSUER, WRONG_SECRET, browse, claims, failure, report,
} from "./client.mjs";

const http = { [oauth.allowInsecureRequests]: true };

async function login({ issuer = ISSUER, method = "client_secret_basic", ...wrong } = {}) {
  const url = new URL(issuer);
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, http));
  const client = { client_id: method === "none" ? PUBLIC_ID : CLIENT_ID };
  const secret = wrong.secret ?? CLIENT_SECRET;
  const auth = {
    client_secret_basic: oauth.ClientSecretBasic(secret),
    client_secret_post: oauth.ClientSecretPost(secret),
    none: oauth.None(),
  }[method];
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const verifier = oauth.generateRandomCodeVerifier();
  const query = new URLSearchParams({
    response_type: "code",
    ...client,
    redirect_uri: REDIRECT_URI,
    scope: "openid profile",
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const callback = await browse(`${server.authorization_endpoint}?${query}`);
  if (wrong.iss) callback.searchParams.set("iss", wrong.iss);
  const params = oauth.validateAuthResponse(server, client, callback, wrong.state ?? state);
  const response = await oauth.authorizationCodeGrantRequest(server, client, auth, params, REDIRECT_URI, verifier, http);
  const expected = { expectedNonce: wrong.nonce ?? nonce, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, expected);
  await oauth.validateApplicationLevelSignature(server, response, http);
  const idToken = oauth.getValidatedIdTokenClaims(tokens);
  const user = await oauth.userInfoRequest(server, client, tokens.access_token, http);
  const userinfo = await oauth.processUserInfoResponse(server, client, idToken.sub, user);
  return { id_token: claims(idToken), userinfo: claims(userinfo) };
}

const logins = [];
for (const method of ["client_secret_basic", "client_secret_post", "none"]) {
  logins.push({ method, ...(await login({ method })) });
}

report("oauth4webapi", logins, {
  "wrong secret, Basic": await failure(() => login({ secret: WRONG_SECRET })),
  "wrong secret, POST": await failure(() => login({ secret: WRONG_SECRET, method: "client_secret_post" })),
  "wrong state": await failure(() => login({ state: "x" })),
  "wrong nonce": await failure(() => login({ nonce: "x" })),
  "iss of another": await failure(() => login({ iss: `${ISSUER}/other` })),
  "wrong issuer": await failure(() => login({ issuer: WRONG_ISSUER })),
});
