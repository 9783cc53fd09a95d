// What the programs in JavaScript share: the issuer, the browser, and the report.
import { readFileSync } from "node:fs";

export const { BROWSER, CLIENT_ID, CLIENT_SECRET, ISSUER, PUBLIC_ID, REDIRECT_URI, WRONG_ISSUER, WRONG_SECRET } = process.env;

// Opens a URL in a new browser: the URL at which it arrives.
export async function browse(url) {
  const response = await fetch(`${BROWSER}?${new URLSearchParams({ url })}`);
  return new URL(await response.text());
}

export async function failure(attempt) {
  try {
    await attempt();
    return null;
  } catch (error) {
    return error.error ?? error.message;
  }
}

export const claims = ({ sub, name }) => ({ sub, name });

export function report(client, logins, failures) {
  const { version } = JSON.parse(readFileSync(`node_modules/${client}/package.json`));
  console.log(JSON.stringify({ client, version, logins, failures }));
}
