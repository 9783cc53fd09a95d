"use strict";
// A CommonJS module, which `import` reads as well. Its exports are assigned by name, so that Node finds them.
const { existsSync } = require("node:fs");
const { optionalDependencies = {}, name, version } = require("./package.json");

/** The path of the program `weixin`: the one of WEIXIN_BIN, or else of this platform's package. */
exports.binPath = function binPath() {
  const { WEIXIN_BIN } = process.env;
  if (WEIXIN_BIN) {
    if (existsSync(WEIXIN_BIN)) return WEIXIN_BIN;
    throw new Error(`there is no file ${WEIXIN_BIN}, which WEIXIN_BIN names: correct WEIXIN_BIN, or unset it`);
  }
  const platform = `${process.platform}-${process.arch}`;
  const platformPackage = `${name}-${platform}`;
  if (!(platformPackage in optionalDependencies)) throw new Error(unsupported(platform));
  try {
    return require.resolve(`${platformPackage}/bin/weixin${process.platform === "win32" ? ".exe" : ""}`);
  } catch {
    throw new Error(missing(platformPackage));
  }
};

function missing(platformPackage) {
  return `the program weixin is missing: ${platformPackage} is not installed.
It is an optional dependency of ${name}. npm install --omit=optional, pnpm install --no-optional and
yarn install --ignore-optional leave it out, and so does a node_modules directory from another platform.
To fix it, install without that option, or add the package:
    npm install ${platformPackage}@${version}
or set WEIXIN_BIN to the path of the program.`;
}

function unsupported(platform) {
  const platforms = Object.keys(optionalDependencies).map((dependency) => dependency.slice(name.length + 1));
  return `there is no program weixin for ${platform} in ${name}, only for ${platforms.join(", ")}.
To fix it, build it with Rust in a checkout of its repository:
    cargo install --locked --path crates/weixin-cli
and set WEIXIN_BIN to its path, such as ~/.cargo/bin/weixin.`;
}
