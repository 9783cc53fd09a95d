//! A page as one shell script, in a directory and a network of its own.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    page::{Block, Page},
    repository,
};

/// The start of every script: `server FILE` waits until the command in the background prints its URL.
const BEGIN: &str = r#"
set -euo pipefail
ip link set lo up
server() {
  # Only a failure waits this long.
  while [ $SECONDS -lt 900 ]; do
    if grep -qE 'localhost:|listening on|^open http' "$1"; then return; fi
    if ! kill -0 $!; then return 1; fi
    sleep 0.05
  done
  return 1
}
"#;

/// Commands of a reader, as the tests run them.
const STAND_INS: [(&str, &str); 4] = [
    // Building once more would take minutes, and change the programs that other tests run.
    (
        "cargo",
        r#"#!/bin/sh
case "$*" in
  "run -- "*) shift 2; exec weixin "$@" ;;
  "run -p weixin-axum --example minimal") exec "$EXAMPLES/minimal" ;;
esac
echo "the tests do not run: cargo $*"; exit 1
"#,
    ),
    // The registry is not reached here: the packages are those that `./scripts/test` installs. Next.js accepts no link to them.
    (
        "npm",
        r#"#!/bin/sh
set -e
[ -e node_modules ] || cp -al "$FRAMEWORKS" node_modules
shift
for package; do test -e "node_modules/$package/package.json"; done
"#,
    ),
    ("sudo", "#!/bin/sh\nexec \"$@\"\n"),
    ("python", "#!/bin/sh\nexec \"$PYTHON\" \"$@\"\n"),
];

/// Runs the blocks of a page; returns what failed.
pub(crate) fn run(page: &Page) -> Result<(), String> {
    let directory = directory(page);
    let script = write(page, &directory);
    if script.is_empty() {
        return Ok(());
    }
    let output = command(page, &directory, &script).output().unwrap();
    let read = |name: &str| fs::read_to_string(directory.join(name)).unwrap_or_default();
    if !output.status.success() {
        let line = read("line");
        return Err(format!(
            "{}:{line} has failed:\n{}{}",
            page.path,
            read(&format!("printed-{line}")),
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    let pairs = page.blocks.iter().zip(page.blocks.iter().skip(1));
    for (block, expected) in pairs.filter(|(_, next)| next.is("output")) {
        let printed = read(&format!("printed-{}", block.line));
        if !fits(&printed, &expected.text) {
            let (path, line) = (&page.path, expected.line);
            return Err(format!("{path}:{line} is not what is printed:\n{printed}"));
        }
    }
    Ok(())
}

/// A directory with nothing but the replaced commands, and the files of a project that a page begins with.
fn directory(page: &Page) -> PathBuf {
    let name = page.name.replace('/', "-");
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("pages")
        .join(name);
    let _ = fs::remove_dir_all(&directory);
    let commands = directory.join("commands");
    fs::create_dir_all(&commands).unwrap();
    for (name, text) in STAND_INS {
        let file = commands.join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let stem = Path::new(&page.name).file_stem().unwrap();
    let project = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pages")).join(stem);
    for file in fs::read_dir(project).into_iter().flatten() {
        let file = file.unwrap();
        fs::copy(file.path(), directory.join(file.file_name())).unwrap();
    }
    directory
}

/// A program of the page about frameworks that the page about languages uses, too.
const CHECKER: &str = "check_login.py";

/// Writes the files, and returns the script, which is empty if nothing is run.
fn write(page: &Page, directory: &Path) -> String {
    let frameworks = Page::read(&repository().join("docs/frameworks.md"));
    let checker = frameworks
        .blocks
        .iter()
        .filter(|block| block.attribute("file") == Some(CHECKER));
    for block in page.blocks.iter().chain(checker) {
        if let Some(file) = block.attribute("file") {
            let file = directory.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, &block.text).unwrap();
        }
    }
    let run =
        |block: &&Block| block.is("sh") && !block.is("unrun") && block.attribute("file").is_none();
    let blocks = page.blocks.iter().filter(run);
    blocks.map(|block| step(block, directory)).collect()
}

/// One block with its output stored, after a line that names it.
fn step(block: &Block, directory: &Path) -> String {
    let (line, text) = (block.line, &block.text);
    let at = directory.join("line");
    let printed = directory.join(format!("printed-{line}"));
    let (at, printed) = (at.display(), printed.display());
    if block.is("server") {
        let end = if block.is("once") {
            "kill -- -$!\nwait $! || true\n"
        } else {
            ""
        };
        format!(
            "printf {line} > '{at}'\nset -m\n(\n{text}) > '{printed}' 2>&1 < /dev/null &\nset +m\nserver '{printed}'\n{end}"
        )
    } else {
        format!("printf {line} > '{at}'\n{{\n{text}}} > '{printed}' 2>&1 < /dev/null\n")
    }
}

fn command(page: &Page, directory: &Path, script: &str) -> Command {
    let target = Path::new(env!("CARGO_BIN_EXE_weixin")).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new("unshare");
    if is_root() {
        command.arg("--mount-proc");
    } else {
        command.args(["--map-root-user", "--mount-proc"]);
    }
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("WEIXIN_")) {
        command.env_remove(name);
    }
    command
        .args(["--net", "--pid", "--fork", "--kill-child", "bash", "-c"])
        .arg(format!("{BEGIN}{script}"))
        .env(
            "PATH",
            format!(
                "{}:{}:{path}",
                directory.join("commands").display(),
                target.display()
            ),
        )
        .env("EXAMPLES", target.join("examples"))
        .env("PYTHON", repository().join(packages("python/bin/python")))
        .env("NODE_PATH", packages("node/now/node_modules"))
        .env("FRAMEWORKS", packages("node/frameworks/node_modules"))
        .env("GOCACHE", packages("go"))
        // Debian installs packages of Go as sources.
        .env("GO111MODULE", "off")
        .env("GOPATH", "/usr/share/gocode")
        .env("PYTHONUNBUFFERED", "1")
        .env("LC_ALL", "C.UTF-8")
        .current_dir(if page.is_readme() {
            repository()
        } else {
            directory.to_owned()
        });
    command
}

/// The programs that `./scripts/test` installs.
fn packages(path: &str) -> PathBuf {
    let debug = Path::new(env!("CARGO_BIN_EXE_weixin")).parent().unwrap();
    debug.parent().unwrap().join(path)
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Compares a text with the expected one, in which `…` is any text within a line, or any lines if it stands alone.
fn fits(printed: &str, expected: &str) -> bool {
    let (printed, expected): (Vec<_>, Vec<_>) =
        (printed.lines().collect(), expected.lines().collect());
    lines_fit(&printed, &expected)
}

fn lines_fit(printed: &[&str], expected: &[&str]) -> bool {
    match (printed, expected) {
        ([], []) => true,
        (_, ["…", rest @ ..]) => {
            (0..=printed.len()).any(|skip| lines_fit(&printed[skip..], rest))
        }
        ([line, lines @ ..], [pattern, patterns @ ..]) => {
            line_fits(line, pattern) && lines_fit(lines, patterns)
        }
        _ => false,
    }
}

fn line_fits(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let mut last = "";
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = part;
    }
    rest.is_empty() || (pattern.contains('…') && (last.is_empty() || line.ends_with(last)))
}

#[test]
fn an_ellipsis_is_any_text_or_any_lines() {
    for (printed, expected, fit) in [
        ("a\nb\n", "a\nb\n", true),
        ("a\nb\n", "a\n", false),
        ("a\nb\nc\n", "a\n…\n", true),
        ("a\nb\nc\n", "…\nc\n", true),
        ("a\nb\nc\n", "…\nb\n", false),
        ("code 071 here\n", "code … here\n", true),
        ("code 071 there\n", "code … here\n", false),
        ("code\n", "code …\n", false),
        ("xax\n", "…a\n", false),
    ] {
        assert_eq!(fits(printed, expected), fit, "{printed:?} {expected:?}");
    }
}
