//! The types of this crate that hold a secret, found in its source: a new one is among them before anyone lists it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Types that wipe their content, a cipher with its key, and a secret that is plain text.
const SEEDS: [&str; 4] = ["Aes256Gcm", "EncryptedData", "SecretSlice", "SecretString"];

/// The names of the public types that hold a secret.
pub(crate) fn holders() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let source = source(&root);
    let (definitions, secrets) = (definitions(&source), secrets(&source));
    let mut holders: BTreeSet<String> = SEEDS.map(str::to_owned).into();
    holders.extend(secrets.iter().cloned());
    loop {
        let found: Vec<String> = definitions
            .iter()
            .filter(|(name, one)| !holders.contains(*name) && !one.is_disjoint(&holders))
            .map(|(name, _)| name.clone())
            .collect();
        if found.is_empty() {
            break;
        }
        holders.extend(found);
    }
    let exported = exported(&root.join("lib.rs"), &root);
    let named = |name: &String| definitions.contains_key(name) || secrets.contains(name);
    holders.retain(|name| named(name) && exported.contains(name));
    holders
}

/// All of the source except its tests.
fn source(directory: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        text += &if path.is_dir() {
            source(&path)
        } else {
            code(&path)
        };
        text += "\n";
    }
    text
}

/// A file without its tests.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    let mut parts = text.split("\nmod tests {");
    parts.next().unwrap().to_owned()
}

/// The words of everything that a public module exports: what it defines, what it re-exports (`pub use`), and what its
/// own public modules export. Too many words do no harm, a missing one would.
fn exported(file: &Path, directory: &Path) -> BTreeSet<String> {
    let code = code(file);
    let mut names = BTreeSet::new();
    for statement in code.split("\npub use ").skip(1) {
        let statement = statement.split(';').next().unwrap();
        assert!(!statement.contains('*'), "a glob hides what it exports");
        names.extend(words(&statement.replace(':', " ")));
    }
    for line in code.lines() {
        let Some(rest) = line.strip_prefix("pub ") else {
            continue;
        };
        let (kind, name) = rest.split_once(' ').unwrap();
        let name = name.split(|c: char| !c.is_alphanumeric() && c != '_');
        let name = name.into_iter().next().unwrap();
        match kind {
            "struct" | "enum" => drop(names.insert(name.to_owned())),
            "mod" => names.extend(exported_by_module(directory, name)),
            _ => {}
        }
    }
    names
}

fn exported_by_module(directory: &Path, name: &str) -> BTreeSet<String> {
    let directory = directory.join(name);
    let files: [PathBuf; 2] = [directory.with_extension("rs"), directory.join("mod.rs")];
    let file = files.iter().find(|file| file.exists());
    exported(file.unwrap(), &directory)
}

/// The types that the macro `secret!` makes.
fn secrets(source: &str) -> BTreeSet<String> {
    let blocks = source.split("\nsecret! {\n").skip(1);
    let names = blocks.map(|block| {
        let line = block.lines().find(|line| !line.trim().starts_with("///"));
        line.unwrap().trim().split(',').next().unwrap().to_owned()
    });
    names.collect()
}

/// Each `struct` and `enum`, with the words of its fields. Types with the same name count as one.
fn definitions(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut definitions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let lines: Vec<&str> = source.lines().collect();
    for (index, line) in lines.iter().enumerate() {
        let visible = line
            .trim_start_matches("pub(crate) ")
            .trim_start_matches("pub(super) ");
        let visible = visible.trim_start_matches("pub ");
        let is_enum = visible.starts_with("enum ");
        let Some(rest) = visible
            .strip_prefix("struct ")
            .or(visible.strip_prefix("enum "))
        else {
            continue;
        };
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
        // rustfmt ends a definition with a brace or a semicolon that is not indented.
        let rest: String = rest.chars().skip(name.len()).collect();
        let length = lines[index..].iter().position(|line| {
            line.starts_with('}') || line.ends_with(';') && !line.starts_with(' ')
        });
        let fields = &lines[index + 1..=index + length.unwrap()];
        let mut text = rest;
        for field in fields
            .iter()
            .filter(|field| !field.trim().starts_with("//"))
        {
            text += "\n";
            let variant = field.starts_with("    ") && !field.starts_with("     ") && is_enum;
            let skipped = if variant {
                field
                    .trim()
                    .chars()
                    .take_while(|c| c.is_alphanumeric())
                    .count()
            } else {
                0
            };
            text += &field.trim()[skipped..];
        }
        definitions.entry(name).or_default().extend(words(&text));
    }
    definitions
}

fn words(text: &str) -> BTreeSet<String> {
    // `reqwest::Client` is not the `Client` of this crate.
    let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':'));
    words
        .map(|word| word.trim_matches(':').to_owned())
        .collect()
}
