// The recipe of the manual for oauth4webapi.
import { generateRandomCodeVerifier } from "oauth4webapi";
import { browse, claims, failure } from "./client.mjs";
import { callback, login } from "./recipes/oauth4webapi.mjs";

const verifier = generateRandomCodeVerifier();
const visit = async () => browse(await login(verifier));
const user = await callback(await visit(), verifier);
const other = await failure(async () => callback(await visit(), generateRandomCodeVerifier()));
console.log(JSON.stringify({ user: claims(user), "wrong verifier": other }));
