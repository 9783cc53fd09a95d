//! The sources of WeChat's behavior in our crates: sections of `docs/wechat.md`.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = "docs/wechat.md";
const SECTION: &str = "docs/wechat.md#";

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The anchors of a page's headings, as mdBook and GitHub make them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with("##"));
    headings
        .map(|line| {
            let text = line.trim_start_matches('#').trim().to_lowercase();
            let kept = text
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// The sections that a file names, such as `docs/wechat.md#lifetimes, #errors`.
fn named(text: &str) -> Vec<String> {
    let mentions = text.split(SECTION).skip(1);
    mentions
        .flat_map(|rest| {
            let is_part =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-#, ".contains(c);
            let list: String = rest.chars().take_while(|c| is_part(*c)).collect();
            let first = list.split(", ").next().unwrap_or_default().to_owned();
            let others = list.split(", #").skip(1).map(str::to_owned);
            let sections: Vec<_> = [first].into_iter().chain(others).collect();
            sections
        })
        .map(|section| {
            section
                .trim_end_matches([' ', ','])
                .split(' ')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect()
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Checks that each section that is named below these directories exists, and counts them.
fn check_sections(directories: &[&str]) -> usize {
    let anchors = anchors(&fs::read_to_string(repository().join(PAGE)).unwrap());
    let mut all = Vec::new();
    for directory in directories {
        files(&repository().join("crates").join(directory), &mut all);
    }
    let mut count = 0;
    for file in all {
        let Ok(text) = fs::read_to_string(&file) else {
            continue;
        };
        for section in named(&text) {
            assert!(anchors.contains(&section), "{}: #{section}", file.display());
            count += 1;
        }
    }
    count
}

#[test]
fn each_section_that_the_simulator_names_exists() {
    let count = check_sections(&[
        "weixin-sim/src",
        "weixin-sim/golden",
        "weixin-sim/templates",
    ]);
    assert!(count > 50, "only {count} sections are named");
}

#[test]
fn each_section_that_the_sdk_and_the_web_integration_name_exists() {
    let count = check_sections(&["weixin/src", "weixin-axum/src", "weixin-axum/examples"]);
    assert!(count > 50, "only {count} sections are named");
}

#[test]
fn each_golden_file_names_its_source() {
    let mut golden = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"),
        &mut golden,
    );
    for file in golden {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!named(&text).is_empty(), "{}", file.display());
    }
}
