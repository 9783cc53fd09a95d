// Installs the packed packages into empty projects, without a network, and runs the program.
//
// WEIXIN_NPM_TARBALLS is what pack.mjs wrote; WEIXIN_NPM_MANAGERS has pnpm, yarn (1) and @yarnpkg/cli-dist in node_modules.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { startRegistry } from "./registry.mjs";

const { WEIXIN_NPM_TARBALLS, WEIXIN_NPM_MANAGERS } = process.env;
const run = promisify(execFile);
const node = process.execPath;
const tool = (path) => [node, join(WEIXIN_NPM_MANAGERS, "node_modules", path)];
const berry = tool("@yarnpkg/cli-dist/bin/yarn.js");
const managers = {
  npm: { install: ["npm", "install"], weixin: ["npm", "exec", "--offline", "--", "weixin"], without: ["--omit=optional"] },
  pnpm: { install: [...tool("pnpm/bin/pnpm.cjs"), "install"], weixin: [...tool("pnpm/bin/pnpm.cjs"), "exec", "weixin"], without: ["--no-optional"] },
  "yarn 1": { install: [...tool("yarn/bin/yarn.js"), "install"], weixin: [...tool("yarn/bin/yarn.js"), "--silent", "weixin"], without: ["--ignore-optional"] },
  "yarn 4 with node_modules": { install: [...berry, "install"], weixin: [...berry, "weixin"], linker: "node-modules" },
  "yarn 4 with Plug'n'Play": { install: [...berry, "install"], weixin: [...berry, "weixin"], linker: "pnp", start: [...berry, "node"] },
};

let registry;
const projects = [];
before(async () => {
  registry = await startRegistry(WEIXIN_NPM_TARBALLS);
});
after(async () => {
  registry.stop();
  for (const project of projects) await rm(project, { recursive: true });
});

// No registry but ours, no settings of the user, and no cache.
function environment(directory) {
  const { PATH } = process.env;
  return { PATH, HOME: directory, CI: "1", npm_config_registry: registry.url, YARN_ENABLE_IMMUTABLE_INSTALLS: "0", YARN_ENABLE_TELEMETRY: "0" };
}

async function installed({ install, linker, without = [] }, omit = false) {
  const directory = await mkdtemp(join(tmpdir(), "weixin-npm-test-"));
  projects.push(directory);
  const dependencies = { "@weixin-login/cli": "*", "@weixin-login/sim": "*" };
  await writeFile(join(directory, "package.json"), JSON.stringify({ name: "site", version: "1.0.0", private: true, dependencies }));
  await writeFile(join(directory, ".npmrc"), `registry=${registry.url}\naudit=false\nfund=false\nupdate-notifier=false\n`);
  await writeFile(join(directory, ".yarnrc"), `registry "${registry.url}"\ndisable-self-update-check true\n`);
  const settings = { npmRegistryServer: registry.url, unsafeHttpWhitelist: ["127.0.0.1"], nodeLinker: linker, enableGlobalCache: false, pnpEnableEsmLoader: true, npmMinimalAgeGate: 0 };
  if (linker) {
    await writeFile(join(directory, "yarn.lock"), "");
    await writeFile(join(directory, ".yarnrc.yml"), JSON.stringify(settings));
  }
  const options = { cwd: directory, env: environment(directory), timeout: 120_000 };
  const [command, ...parameters] = [...install, ...(omit ? without : [])];
  await run(command, parameters, options).catch((error) => assert.fail(`${error.message}\n${error.stdout}`));
  return options;
}

for (const [name, manager] of Object.entries(managers)) {
  describe(name, () => {
    const [command, ...parameters] = manager.weixin;
    let options;
    before(async () => {
      options = await installed(manager);
    });

    test("weixin --version", async () => {
      const { stdout } = await run(command, [...parameters, "--version"], options);
      assert.match(stdout, /^weixin \d+\.\d+\.\d+\n$/);
    });

    test("weixin demo answers, and ends by a signal", async () => {
      const demo = spawn(command, [...parameters, "demo", "--listen", "127.0.0.1:0", "--no-open"], { ...options, detached: true });
      const ended = once(demo, "close");
      for await (const line of createInterface(demo.stdout)) {
        const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(line);
        assert.equal((await fetch(url)).status, 200);
        break;
      }
      process.kill(-demo.pid, "SIGTERM");
      await ended;
    });

    test("a login with @weixin-login/sim", async () => {
      const program = `import { startSim } from "@weixin-login/sim";
        import { binPath } from "@weixin-login/cli";
        import { createRequire } from "node:module";
        if (createRequire(import.meta.url)("@weixin-login/cli").binPath() !== binPath()) throw new Error("two programs");
        const sim = await startSim();
        console.log(await sim.jsCode());
        await sim.stop();`;
      await writeFile(join(options.cwd, "login.mjs"), program);
      const [start, ...before] = manager.start ?? [node];
      const { stdout } = await run(start, [...before, "login.mjs"], options);
      assert.match(stdout, /^\S+\n$/);
    });

    if (!manager.without) return;
    test(`${manager.without} says what is missing`, async () => {
      const options = await installed(manager, true);
      const shim = join(options.cwd, "node_modules/@weixin-login/cli/bin/weixin.js");
      const { code, stderr } = await run(node, [shim, "--version"], options).then(assert.fail, (error) => error);
      assert.equal(code, 1);
      const platform = `@weixin-login/cli-${process.platform}-${process.arch}`;
      assert.equal(stderr, `error: the program weixin is missing: ${platform} is not installed.
It is an optional dependency of @weixin-login/cli. npm install --omit=optional, pnpm install --no-optional and
yarn install --ignore-optional leave it out, and so does a node_modules directory from another platform.
To fix it, install without that option, or add the package:
    npm install ${platform}@0.1.0
or set WEIXIN_BIN to the path of the program.
`);
    });
  });
}

describe("the command", () => {
  let options;
  let shim;
  const weixin = (parameters, env = {}, before = []) =>
    run(node, [...before, shim, ...parameters], { ...options, env: { ...options.env, ...env } }).catch((error) => error);
  before(async () => {
    options = await installed(managers.npm);
    shim = join(options.cwd, "node_modules/@weixin-login/cli/bin/weixin.js");
  });

  test("runs the program of WEIXIN_BIN", async () => {
    assert.equal((await weixin(["hello"], { WEIXIN_BIN: "/bin/echo" })).stdout, "hello\n");
  });

  test("says that WEIXIN_BIN is wrong", async () => {
    const error = "error: there is no file /nowhere, which WEIXIN_BIN names: correct WEIXIN_BIN, or unset it\n";
    assert.equal((await weixin([], { WEIXIN_BIN: "/nowhere" })).stderr, error);
    assert.match((await weixin([], { WEIXIN_BIN: shim })).stderr, /^error: WEIXIN_BIN names this script/);
  });

  test("names the platforms", async () => {
    const script = join(options.cwd, "other.cjs");
    await writeFile(script, 'Object.defineProperty(process, "platform", { value: "sunos" });');
    const { code, stderr } = await weixin([], {}, ["--require", script]);
    assert.equal(code, 1);
    assert.match(stderr, /^error: there is no program weixin for sunos-x64 in @weixin-login\/cli, only for linux-x64, linux-arm64,/);
  });

  test("passes on the exit code and standard input", async () => {
    assert.equal((await weixin(["no-such-command"])).code, 2);
    const child = spawn(node, [shim, "sim", "--listen", "127.0.0.1:0", "--until-stdin-ends"], options);
    const ended = once(child, "close");
    await once(child.stderr, "data");
    child.stdin.end();
    assert.deepEqual(await ended, [0, null]);
  });

  test("passes on signals", async () => {
    const script = 'trap "echo stopped; exit 7" TERM; echo ready; while :; do sleep 0.1; done';
    const env = { ...options.env, WEIXIN_BIN: "/bin/sh" };
    const child = spawn(node, [shim, "-c", script], { ...options, env });
    let output = "";
    child.stdout.on("data", (data) => {
      if (output === "") child.kill("SIGTERM");
      output += data;
    });
    assert.deepEqual(await once(child, "close"), [7, null]);
    assert.equal(output, "ready\nstopped\n");
  });

  test("ends by the signal that ended the program", async () => {
    const child = spawn(node, [shim, "-c", "kill -KILL $$"], { ...options, env: { ...options.env, WEIXIN_BIN: "/bin/sh" } });
    assert.deepEqual(await once(child, "close"), [null, "SIGKILL"]);
  });
});
