#!/usr/bin/env node
// Packs the npm packages: node packages/npm/pack.mjs PROGRAMS TARBALLS [--scope @NAME] [--only PLATFORM,…]
//
// PROGRAMS has a directory for each Rust target, such as x86_64-unknown-linux-musl/weixin. Linux packages contain the
// static program (musl) if it is there, which runs on every Linux; otherwise they are for glibc only.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

// The npm scope, which the sources name as well. Every package is renamed if another scope is given.
const SCOPE = "@weixin-login";

const here = fileURLToPath(new URL(".", import.meta.url));
const repository = resolve(here, "../..");
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { scope: { type: "string", default: SCOPE }, only: { type: "string" } },
});
if (positionals.length !== 2 || !/^@[a-z0-9-]+$/.test(options.scope)) {
  console.error("usage: pack.mjs PROGRAMS TARBALLS [--scope @NAME] [--only PLATFORM,…]");
  process.exit(2);
}
const [programs, tarballs] = positionals.map((path) => resolve(path));

const manifest = readFileSync(join(repository, "Cargo.toml"), "utf8");
const version = /\[workspace\.package\][^[]*?\nversion = "([^"]+)"/.exec(manifest)[1];

const chosen = chosenPlatforms();
const staging = mkdtempSync(join(tmpdir(), "weixin-npm-"));
try {
  mkdirSync(tarballs, { recursive: true });
  for (const platform of chosen) packPlatform(platform);
  pack("cli", (description) => {
    const names = chosen.map(({ name }) => [`${options.scope}/cli-${name}`, version]);
    description.optionalDependencies = Object.fromEntries(names);
  });
  pack("sim", (description) => {
    description.peerDependencies[`${options.scope}/cli`] = version;
  });
} finally {
  rmSync(staging, { recursive: true });
}

function chosenPlatforms() {
  const platforms = JSON.parse(readFileSync(join(here, "platforms.json"), "utf8"));
  const names = options.only?.split(",") ?? Object.keys(platforms);
  const found = names.map((name) => {
    const { os, cpu, targets } = platforms[name] ?? fail(`unknown platform ${name}: use ${Object.keys(platforms).join(", ")}`);
    const file = os === "win32" ? "weixin.exe" : "weixin";
    const target = targets.find((target) => existsSync(join(programs, target, file)));
    return { name, os, cpu, file, target, targets };
  });
  const missing = found.filter(({ target }) => !target);
  if (missing.length > 0) {
    const paths = missing.map(({ file, targets }) => `    ${join(programs, targets[0], file)}`);
    fail(`these programs are missing; add them, or choose platforms with --only:\n${paths.join("\n")}`);
  }
  return found;
}

function packPlatform({ name, os, cpu, file, target }) {
  const fill = (text) => text.replaceAll("{platform}", name).replaceAll("{os}", os).replaceAll("{cpu}", cpu);
  pack("platform", (description, directory) => {
    // Static programs run with every libc.
    if (target.endsWith("-linux-gnu")) description.libc = ["glibc"];
    mkdirSync(join(directory, "bin"));
    copyFileSync(join(programs, target, file), join(directory, "bin", file));
    chmodSync(join(directory, "bin", file), 0o755);
  }, fill);
}

function pack(template, complete, fill = (text) => text) {
  const directory = join(staging, "package");
  cpSync(join(here, template), directory, { recursive: true });
  rename(directory, (text) => fill(text).replaceAll(SCOPE, options.scope));
  for (const license of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(repository, license), join(directory, license));
  const path = join(directory, "package.json");
  const description = { ...JSON.parse(readFileSync(path, "utf8")), version };
  complete(description, directory);
  writeFileSync(path, `${JSON.stringify(description, null, 2)}\n`);
  execFileSync("npm", ["pack", "--silent", "--pack-destination", tarballs], { cwd: directory, stdio: ["ignore", "inherit", "inherit"] });
  rmSync(directory, { recursive: true });
}

function rename(directory, change) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) rename(path, change);
    else writeFileSync(path, change(readFileSync(path, "utf8")));
  }
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
