//! The file tables of the code map, `docs/architecture.md`, compared with the tree.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    fs,
    path::{Path, PathBuf},
};

const ENGLISH: &str = "docs/architecture.md";
const CHINESE: &str = "docs/zh/architecture.md";

/// A path in the first column of a table, relative to the repository. A folder ends with a slash.
struct Entry {
    path: String,
    /// The row is in the table of a crate, which covers each of its sources once.
    covers: bool,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The paths of a page's file tables.
fn entries(page: &str) -> Vec<Entry> {
    let text = fs::read_to_string(repository().join(page)).unwrap();
    let mut all = Vec::new();
    let (mut sources, mut in_table) = (None, false);
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            sources = sources_of(heading);
        }
        let is_header = line.starts_with("| file |") || line.starts_with("| 文件 |");
        in_table = is_header || in_table && line.starts_with('|');
        if in_table {
            let cell = line.split('|').nth(1).unwrap();
            let paths = cell.split('`').skip(1).step_by(2).flat_map(expand);
            all.extend(paths.map(|path| entry(sources.as_deref(), &path)));
        }
    }
    all
}

/// The folder of a crate's sources, if a heading such as `weixin-sim: WeChat` begins with the name of a crate.
fn sources_of(heading: &str) -> Option<String> {
    let end = heading.find(|c: char| !c.is_ascii_lowercase() && c != '-');
    let sources = format!("crates/{}/src/", &heading[..end.unwrap_or(heading.len())]);
    repository().join(&sources).is_dir().then_some(sources)
}

/// Paths are relative to the crate's sources; in other sections to the repository or to `crates`.
fn entry(sources: Option<&str>, path: &str) -> Entry {
    let folder = match sources {
        Some(sources) => sources,
        None if repository().join(path).exists() => "",
        None => "crates/",
    };
    Entry {
        path: format!("{folder}{path}"),
        covers: sources.is_some(),
    }
}

/// Expands the braces of a path: `{a,b}.rs` is `a.rs` and `b.rs`.
fn expand(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else {
        return vec![path.to_owned()];
    };
    let (names, after) = rest.split_once('}').unwrap();
    let names = names.split(',');
    names.map(|name| format!("{before}{name}{after}")).collect()
}

/// The Rust files of a folder and its sub-folders, relative to the repository.
fn rust_files(folder: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(repository().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.file_type().unwrap().is_dir() {
            rust_files(&path, found);
        } else if Path::new(&path)
            .extension()
            .is_some_and(|kind| kind == "rs")
        {
            found.push(path);
        }
    }
}

fn sources() -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(repository().join("crates")).unwrap() {
        let name = entry.unwrap().file_name();
        let folder = format!("crates/{}/src", name.to_str().unwrap());
        rust_files(&folder, &mut found);
    }
    found.sort();
    found
}

/// Returns `true` if the row is the file's own or that of its folder.
fn covers(entry: &Entry, file: &str) -> bool {
    let (folder, _) = file.rsplit_once('/').unwrap();
    entry.covers && (entry.path == file || entry.path.strip_suffix('/') == Some(folder))
}

#[test]
fn each_path_of_the_code_map_exists() {
    let mut problems = Vec::new();
    for page in [ENGLISH, CHINESE] {
        for Entry { path, .. } in entries(page) {
            let full = repository().join(&path);
            let exists = if path.ends_with('/') {
                full.is_dir()
            } else {
                full.is_file()
            };
            if !exists {
                problems.push(format!(
                    "{page}: {path} does not exist: remove or rename it"
                ));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn each_source_file_is_in_one_row_of_the_code_map() {
    let sources = sources();
    let mut problems = Vec::new();
    for page in [ENGLISH, CHINESE] {
        let entries = entries(page);
        for file in &sources {
            match entries.iter().filter(|entry| covers(entry, file)).count() {
                0 => problems.push(format!(
                    "{page}: {file} is in no table: add it to a row of its layer"
                )),
                1 => {}
                rows => problems.push(format!(
                    "{page}: {file} is in the tables {rows} times: keep one, its own or its folder's"
                )),
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn both_languages_of_the_code_map_name_the_same_paths_in_the_same_order() {
    let paths = |page| entries(page).into_iter().map(|entry| entry.path);
    let (english, chinese): (Vec<_>, Vec<_>) = (paths(ENGLISH).collect(), paths(CHINESE).collect());
    let same = english.iter().zip(&chinese);
    let same = same.take_while(|(a, b)| a == b).count();
    let (next, twin) = (english.get(same), chinese.get(same));
    assert_eq!(
        next, twin,
        "{ENGLISH} (left) and {CHINESE} (right) differ after {same} equal paths: give both the same rows"
    );
}
