"use strict";
const { spawn } = require("node:child_process");
const { once } = require("node:events");
const { existsSync } = require("node:fs");
const { get } = require("node:http");
const { delimiter, isAbsolute, join } = require("node:path");

// The simulators of this process, by their options. Each ends with the process, even if that is killed, because its
// standard input ends then.
const running = new Map();

/** Starts the simulator, or shares the one that runs; `release` ends it after its last user. */
exports.acquire = async function acquire(options = []) {
  const key = JSON.stringify(options);
  if (!running.has(key)) running.set(key, { users: 0, started: start(options) });
  const shared = running.get(key);
  shared.users += 1;
  const release = async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    if (running.get(key) === shared) running.delete(key);
    await shared.started.then(({ end }) => end(), () => {});
  };
  try {
    return { ...(await shared.started), release };
  } catch (error) {
    await release();
    throw error;
  }
};

function find() {
  if (process.env.WEIXIN_BIN) return process.env.WEIXIN_BIN;
  try {
    require.resolve("@weixin-login/cli");
  } catch {
    return onPath();
  }
  return require("@weixin-login/cli").binPath();
}

// Not a program of the current directory, which an empty entry of PATH means.
function onPath() {
  const file = process.platform === "win32" ? "weixin.exe" : "weixin";
  const directories = (process.env.PATH ?? "").split(delimiter).filter(isAbsolute);
  return directories.map((directory) => join(directory, file)).find(existsSync) ?? "weixin on PATH";
}

async function start(options) {
  const path = find();
  const child = spawn(path, ["--json", "sim", "--listen", "127.0.0.1:0", "--until-stdin-ends", ...options]);
  const ended = new Promise((resolve) => child.on("close", resolve));
  let messages = "";
  child.stderr.on("data", (data) => (messages = (messages + data).slice(-2000)));
  child.stdin.on("error", () => {});
  try {
    await once(child, "spawn");
  } catch (error) {
    const fix = process.env.WEIXIN_BIN
      ? "WEIXIN_BIN names it: correct WEIXIN_BIN, or unset it"
      : "`npm install --save-dev @weixin-login/cli` installs it, or set WEIXIN_BIN to its path";
    throw new Error(error.code === "ENOENT" ? `there is no program ${path}: ${fix}` : `${path} does not start: ${error.message}`);
  }
  const end = () => {
    child.ref();
    child.stdin.end();
    return ended;
  };
  const limit = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const first = await Promise.race([ready(child.stdout), ended]);
  clearTimeout(limit);
  const url = first?.url;
  // An error is on standard output too, because of --json.
  if (first?.error) messages += [first.error, first.remedy].filter(Boolean).join(": ");
  // Throws an error if the simulator does not respond.
  const check = async () => {
    if (typeof url === "string" && (await responds(url))) return;
    await end();
    throw new Error(`the WeChat simulator has ended: ${child.signalCode ?? `exit code ${child.exitCode}`}\n${messages}`);
  };
  if (typeof url !== "string") await check();
  // The test process may end before the simulator.
  for (const handle of [child, child.stdin, child.stdout, child.stderr]) handle.unref();
  return { url, check, end };
}

function responds(url) {
  return new Promise((resolve) => {
    const asked = get(`${url}/_sim/api/health`, { agent: false }, (answer) => resolve(answer.resume().statusCode === 200));
    asked.on("error", () => resolve(false));
  });
}

function ready(stdout) {
  return new Promise((resolve) => {
    let text = "";
    stdout.on("data", function read(data) {
      text += data;
      try {
        resolve(JSON.parse(text));
      } catch {
        return; // The rest follows.
      }
      // What follows is read, and ignored.
      stdout.off("data", read).resume();
    });
  });
}
