//! The keys of `sim.toml`, as the file of `weixin sim init` explains them.

use std::fmt::Write;

use weixin::Language;
use weixin_sim::{EXAMPLE_CONFIG, Sim};

use super::markdown::{item, sentence, values};
use crate::lang::Pick;

/// A table of the file, such as `[lifetimes]`; the first one has no name.
#[derive(Default)]
struct Table {
    name: String,
    comment: Comment,
    /// Set if the whole table is an example in a comment.
    is_comment: bool,
    keys: Vec<Key>,
}

struct Key {
    name: String,
    value: String,
    comment: Comment,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Required,
    /// The file has the default.
    Default,
    /// There is no default: the file has an example in a comment.
    Unset,
}

impl Kind {
    /// The value of the file, as a sentence.
    fn value(self, value: &str, language: Language) -> String {
        let label = match self {
            Self::Required => language.pick("必填，例如：", "Required. Example: "),
            Self::Default => language.pick("默认值：", "Default: "),
            Self::Unset => language.pick("例如：", "Example: "),
        };
        format!("{label}{}", values([value], language))
    }
}

/// A comment in both languages, each on lines of its own.
#[derive(Default)]
struct Comment {
    chinese: String,
    english: String,
}

impl Comment {
    fn add(&mut self, line: &str) {
        let is_chinese = line.contains(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        if is_chinese {
            self.chinese += line;
        } else {
            let space = if self.english.is_empty() { "" } else { " " };
            write!(self.english, "{space}{line}").unwrap();
        }
    }

    fn pick(&self, language: Language) -> &str {
        language.pick(&self.chinese, &self.english)
    }
}

/// The tables of the file. A table that is there several times, such as `[[app]]`, counts once.
fn tables() -> Vec<Table> {
    let mut tables = vec![Table::default()];
    let mut comment = Comment::default();
    for line in EXAMPLE_CONFIG.lines() {
        let text = line.trim_start_matches(['#', ' ']);
        let table = tables.last_mut().expect("the first table");
        if line.is_empty() {
            comment = Comment::default();
        } else if text.starts_with('[') {
            tables.push(Table {
                name: text.to_owned(),
                comment: std::mem::take(&mut comment),
                is_comment: line.starts_with('#'),
                keys: Vec::new(),
            });
        } else if let Some((name, value)) = setting(text) {
            table.keys.push(Key {
                name: name.to_owned(),
                value: value.to_owned(),
                comment: std::mem::take(&mut comment),
                kind: if line.starts_with('#') && !table.is_comment {
                    Kind::Unset
                } else {
                    Kind::Default
                },
            });
        } else {
            comment.add(text);
        }
    }
    let mut known = Vec::new();
    tables.retain(|table| {
        let is_new = !known.contains(&table.name);
        known.push(table.name.clone());
        is_new
    });
    tables.iter_mut().for_each(mark_required);
    tables
}

/// Asks the simulator for the keys that it misses in a table without any.
fn mark_required(table: &mut Table) {
    let mut toml = table.name.clone();
    while let Err(error) = Sim::builder().config(&toml) {
        let error = error.to_string();
        let missing = error.split("missing field `").nth(1);
        let missing = missing.and_then(|rest| rest.split('`').next());
        let key = table
            .keys
            .iter_mut()
            .find(|key| Some(&*key.name) == missing);
        let key = key.unwrap_or_else(|| panic!("{}: {error}", table.name));
        key.kind = Kind::Required;
        write!(toml, "\n{} = {}", key.name, key.value).unwrap();
    }
}

fn setting(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(" = ")?;
    let is_key = name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    is_key.then_some((name, value))
}

pub(super) fn section(language: Language) -> String {
    let mut page = format!(
        "## sim.toml\n\n{}\n",
        language.pick(
            "`weixin sim --config sim.toml` 的设置。`weixin sim init` 写出包含所有设置的文件。未知的设置会报错。",
            "The settings of `weixin sim --config sim.toml`. `weixin sim init` writes a file with all of them. An unknown key is an\nerror.",
        )
    );
    for table in tables() {
        if table.name.is_empty() {
            page += "\n";
        } else {
            write!(
                page,
                "\n### `{}`\n\n{}\n\n",
                table.name,
                sentence(table.comment.pick(language), language)
            )
            .unwrap();
        }
        for key in &table.keys {
            let text = key.comment.pick(language).to_owned();
            let value = key.kind.value(&key.value, language);
            page += &item(&key.name, &[text, value], language);
        }
    }
    page
}

/// The keys that the simulator knows in a table: its error for an unknown one lists them.
fn known(table: &str) -> Vec<String> {
    let error = Sim::builder().config(&format!("{table}\nunknown = 1"));
    let error = error.unwrap_err().to_string();
    let (_, known) = error.split_once("expected").expect("a list of keys");
    let known = known.split('`').skip(1).step_by(2);
    known.map(str::to_owned).collect()
}

#[test]
fn the_file_of_init_has_each_key_in_both_languages() {
    let tables = tables();
    let names = tables.iter().map(|table| &table.name);
    let names = names.map(|name| name.trim_matches(['[', ']']).to_owned());
    let top = tables[0].keys.iter().map(|key| key.name.clone());
    let mut top: Vec<_> = top.chain(names.skip(1)).collect();
    let mut expected = known("");
    top.sort();
    expected.sort();
    assert_eq!(top, expected);
    for table in &tables {
        let keys: Vec<_> = table.keys.iter().map(|key| key.name.clone()).collect();
        if !table.name.is_empty() {
            assert_eq!(keys, known(&table.name), "{}", table.name);
        }
        for key in &table.keys {
            let comment = &key.comment;
            assert!(
                !comment.chinese.is_empty() && !comment.english.is_empty(),
                "{} {} is not explained in both languages",
                table.name,
                key.name
            );
        }
    }
}
