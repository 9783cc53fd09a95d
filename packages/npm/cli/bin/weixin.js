#!/usr/bin/env node
"use strict";
const { spawn } = require("node:child_process");
const { realpathSync } = require("node:fs");
const { isatty } = require("node:tty");
const { binPath } = require("../index.js");

function fail(message) {
  process.stderr.write(`error: ${message}\n`);
  process.exit(1);
}

function program() {
  try {
    const path = binPath();
    if (realpathSync(path) !== realpathSync(__filename)) return path;
  } catch (error) {
    fail(error.message);
  }
  fail(`WEIXIN_BIN names this script, ${process.env.WEIXIN_BIN}: it must name the program, not npm's command`);
}

const path = program();
let child;

// Before the program starts, which may be signaled at once.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"]) {
  // A terminal sends Ctrl-C and Ctrl-\ to the program as well: it must not get them twice.
  const fromTerminal = isatty(0) && (signal === "SIGINT" || signal === "SIGQUIT");
  try {
    process.on(signal, () => fromTerminal || child.kill(signal));
  } catch {
    // Windows does not have this signal.
  }
}

child = spawn(path, process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => fail(`${child.spawnfile} does not start: ${error.message}`));
child.on("exit", (code, signal) => {
  if (!signal) process.exit(code);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
