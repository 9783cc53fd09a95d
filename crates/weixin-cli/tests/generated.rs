//! Clients that generators make of the OpenAPI document log a user in, and a fuzzer finds no response that the document
//! does not describe. `./scripts/test` installs the generators, in the versions that it names.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "these programs need only a running simulator")]
mod running;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use self::running::{Printed, Running, run};

/// A directory beside this test, whose content is not kept.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// What `./scripts/test` has installed.
fn installed(name: &str) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let packages = target.with_file_name("generated").join(name);
    let missing = packages.display();
    assert!(
        packages.exists(),
        "{missing} is missing: ./scripts/test installs it"
    );
    packages
}

/// The path of a file in this repository.
fn source(name: &str) -> String {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.join(name).display().to_string()
}

const DOCUMENT: &str = "../weixin-sim/openapi.json";

/// Runs a program in a folder; returns its output.
fn output(program: impl AsRef<Path>, folder: &Path, args: &[&str]) -> String {
    let program = program.as_ref();
    let (packages, path) = (program.parent().unwrap(), std::env::var("PATH").unwrap());
    let mut command = Command::new(program);
    command
        .args(args)
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", packages.display()))
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    let printed = run(command);
    let Printed {
        code,
        stdout,
        stderr,
    } = &printed;
    assert_eq!(*code, Some(0), "{stdout}\n{stderr}");
    printed.stdout
}

/// What a client has seen; `opened` says in the words of its language that the step has a type.
fn seen(opened: &str) -> Value {
    json!({
        "opened": opened,
        "first": -1,
        "struck": 1,
        "moved": true,
        "expired": 42001,
        "exchanges": true,
        "once": "expected exactly 1, found 2: 2, 3",
        "findings": ["callback-host", "state-short"],
        "unknown": [404, "uuid"],
    })
}

fn last_line(printed: &str) -> Value {
    serde_json::from_str(printed.lines().last().unwrap()).unwrap()
}

#[test]
fn a_generated_python_client_logs_in_moves_the_clock_and_reads_findings() {
    let (python, folder, sim) = (installed("python"), folder("python"), Running::sim(&[]));
    let document = format!("--path={}", source(DOCUMENT));
    // A warning is a type that the generator cannot express.
    let args = [
        "generate",
        &document,
        "--output-path=sim_client",
        "--meta=none",
        "--fail-on-warning",
    ];
    output(python.join("bin/openapi-python-client"), &folder, &args);
    let args = [
        &source("tests/generated/login.py"),
        &*folder.display().to_string(),
        &sim.url,
    ];
    let printed = output(python.join("bin/python"), &folder, &args);
    assert_eq!(last_line(&printed), seen("StepHappened"));
}

#[test]
fn generated_typescript_types_fit_and_their_client_logs_in() {
    let (node, folder, sim) = (installed("node"), folder("node"), Running::sim(&[]));
    let programs = node.join("node_modules/.bin");
    let args = [&source(DOCUMENT), "-o", "schema.d.ts"];
    output(programs.join("openapi-typescript"), &folder, &args);
    for file in ["login.ts", "tsconfig.json", "package.json"] {
        let from = source(&format!("tests/generated/{file}"));
        fs::copy(from, folder.join(file)).unwrap();
    }
    let modules = node.join("node_modules");
    std::os::unix::fs::symlink(modules, folder.join("node_modules")).unwrap();
    output(programs.join("tsc"), &folder, &["--noEmit"]);
    output(programs.join("tsc"), &folder, &[]);
    let printed = output("node", &folder, &["login.js", &sim.url]);
    assert_eq!(last_line(&printed), seen("opened"));
}

/// Every response to generated requests, valid and not, is one that the document describes.
#[test]
fn schemathesis_finds_no_response_that_the_document_does_not_describe() {
    let (python, folder, sim) = (
        installed("python"),
        folder("schemathesis"),
        Running::sim(&[]),
    );
    let config = format!(
        "--config-file={}",
        source("tests/generated/schemathesis.toml")
    );
    let url = format!("--url={}", sim.url);
    let args = [&config, "run", &source(DOCUMENT), &url];
    output(python.join("bin/schemathesis"), &folder, &args);
}
