import * as oauth from "oauth4webapi"; // `verifier`: oauth.generateRandomCodeVerifier(), kept in the visitor's session
const { ISSUER, CLIENT_ID: client_id, CLIENT_SECRET, REDIRECT_URI: redirect_uri } = process.env;
const [issuer, client, auth] = [new URL(ISSUER), { client_id }, oauth.ClientSecretBasic(CLIENT_SECRET)];
const http = { [oauth.allowInsecureRequests]: issuer.hostname === "localhost" };
const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, http));
export const login = async (verifier) => `${server.authorization_endpoint}?${new URLSearchParams({
  client_id, redirect_uri, response_type: "code", scope: "openid profile", code_challenge_method: "S256",
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier) })}`;
export const callback = (url, verifier) => oauth.authorizationCodeGrantRequest(server, client, auth,
  oauth.validateAuthResponse(server, client, url), redirect_uri, verifier, http)
  .then((response) => oauth.processAuthorizationCodeResponse(server, client, response, { requireIdToken: true }))
  .then(oauth.getValidatedIdTokenClaims);
