//! Which types of this crate hold a secret, found in its source: a new one is among them before anybody lists it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// What wipes its content, a cipher with its key, and what is secret although it is plain text.
const SEEDS: [&str; 4] = ["Aes256Gcm", "EncryptedData", "SecretSlice", "SecretString"];

/// The names of the public types that hold a secret.
pub(crate) fn holders() -> BTreeSet<String> {
    let source = source(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    let definitions = definitions(&source);
    let mut holders: BTreeSet<String> = SEEDS.map(str::to_owned).into();
    holders.extend(secrets(&source));
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
    let root = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"));
    let exported = words(&root.unwrap().replace(':', " "));
    let named = |name: &String| definitions.contains_key(name) || secrets(&source).contains(name);
    holders.retain(|name| named(name) && exported.contains(name));
    holders
}

/// All of the source but its tests.
fn source(directory: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &source(&path);
            continue;
        }
        let file = fs::read_to_string(&path).unwrap();
        let code = file.split("#[cfg(test)]\nmod tests").next().unwrap();
        text += code;
        text += "\n";
    }
    text
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

/// Each `struct` and `enum`, with the words of its fields.
fn definitions(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut definitions = BTreeMap::new();
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
        definitions.insert(name, words(&text));
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
