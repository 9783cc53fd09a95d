//! The statements of the store, read from its source: one that is forgotten in a list would not be tested.

use std::{
    collections::{BTreeSet, HashMap},
    fs,
    path::Path,
};

const VERBS: [&str; 5] = ["select ", "insert ", "update ", "delete ", "with "];

/// Every string literal and `concat!` of the store's files that is a statement.
pub(super) fn all() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let files = files.filter(|file| file.extension().is_some_and(|it| it == "rs"));
    let files: Vec<_> = files
        .map(|file| File::parse(&fs::read_to_string(file).unwrap()))
        .collect();
    let shared = files.iter().flat_map(|file| file.macros.clone()).collect();
    let texts = files.iter().flat_map(|file| file.texts(&shared));
    let statements = texts.filter(|text| VERBS.iter().any(|verb| text.starts_with(verb)));
    statements.collect()
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Text(String),
    Word(String),
    Mark(char),
}
use Token::{Mark, Text, Word};

/// A macro that makes SQL: its parameters, and the tokens of its body.
#[derive(Clone, Debug)]
struct Macro {
    parameters: Vec<String>,
    body: Vec<Token>,
}

type Macros = HashMap<String, Macro>;

#[derive(Debug)]
struct File {
    macros: Macros,
    /// Without the macros.
    tokens: Vec<Token>,
}

impl File {
    fn parse(source: &str) -> Self {
        let (mut macros, mut tokens, mut rest) = (Macros::new(), Vec::new(), &tokens(source)[..]);
        while let Some((token, after)) = rest.split_first() {
            rest = if *token == Word("macro_rules".to_owned())
                && let [Mark('!'), Word(name), after @ ..] = after
            {
                let (definition, after) = group(after);
                macros.insert(name.clone(), Macro::parse(definition));
                after
            } else {
                tokens.push(token.clone());
                after
            };
        }
        Self { macros, tokens }
    }

    /// The strings, with the macros of this file before those of others.
    fn texts(&self, shared: &Macros) -> Vec<String> {
        let mut macros = shared.clone();
        macros.extend(self.macros.clone());
        let (mut texts, mut rest) = (Vec::new(), &self.tokens[..]);
        while !rest.is_empty() {
            rest = match text(rest, &macros, &HashMap::new()) {
                Some((text, after)) => {
                    texts.push(text);
                    after
                }
                None => &rest[1..],
            };
        }
        texts
    }
}

impl Macro {
    /// One rule: `(PARAMETERS) => { BODY }`.
    fn parse(definition: &[Token]) -> Self {
        let (parameters, after) = group(definition);
        let (body, _) = group(&after[2..]);
        let names = parameters.windows(2).filter_map(|pair| match pair {
            [Mark('$'), Word(name)] => Some(name.clone()),
            _ => None,
        });
        Self {
            parameters: names.collect(),
            body: body.to_vec(),
        }
    }
}

/// The tokens of the brackets at the beginning, and those after them.
fn group(tokens: &[Token]) -> (&[Token], &[Token]) {
    let mut depth = 0;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Mark('(' | '{' | '[') => depth += 1,
            Mark(')' | '}' | ']') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return (&tokens[1..index], &tokens[index + 1..]);
        }
    }
    panic!("a bracket is not closed");
}

/// The value of the string at the beginning, and the tokens after it.
fn text<'t>(
    tokens: &'t [Token],
    macros: &Macros,
    arguments: &HashMap<String, String>,
) -> Option<(String, &'t [Token])> {
    match tokens {
        [Text(text), after @ ..] => Some((text.clone(), after)),
        [Mark('$'), Word(name), after @ ..] => Some((arguments[name].clone(), after)),
        [Word(name), Mark('!'), after @ ..] if name == "concat" || macros.contains_key(name) => {
            let (given, after) = group(after);
            let parts = parts(given, macros, arguments);
            if name == "concat" {
                return Some((parts.concat(), after));
            }
            let Macro { parameters, body } = &macros[name];
            let arguments = parameters.iter().cloned().zip(parts).collect();
            Some((text(body, macros, &arguments)?.0, after))
        }
        _ => None,
    }
}

/// The values of strings that commas separate.
fn parts(
    mut tokens: &[Token],
    macros: &Macros,
    arguments: &HashMap<String, String>,
) -> Vec<String> {
    let mut parts = Vec::new();
    while let Some((part, after)) = text(tokens, macros, arguments) {
        parts.push(part);
        tokens = after.strip_prefix(&[Mark(',')]).unwrap_or(after);
    }
    assert!(tokens.is_empty(), "no string: {tokens:?}");
    parts
}

fn tokens(source: &str) -> Vec<Token> {
    let (mut tokens, mut rest) = (Vec::new(), source);
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if first == '"' {
            let length = string_length(rest);
            tokens.push(Text(unescaped(&rest[1..length - 1])));
            length
        } else if first == '\'' {
            // A character such as '"', or a lifetime.
            let escape = usize::from(rest.starts_with("'\\"));
            let end = rest.char_indices().nth(2 + escape);
            end.filter(|(_, end)| *end == '\'')
                .map_or(1, |(at, _)| at + 1)
        } else if first.is_alphanumeric() || first == '_' {
            let is_part = |one: char| one.is_alphanumeric() || one == '_';
            let length = rest.find(|one| !is_part(one)).unwrap_or(rest.len());
            tokens.push(Word(rest[..length].to_owned()));
            length
        } else {
            if !first.is_whitespace() {
                tokens.push(Mark(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// With both quotation marks.
fn string_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (index, one) in rest.char_indices().skip(1) {
        match one {
            '"' if !is_escaped => return index + 1,
            '\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    panic!("a string is not closed");
}

fn unescaped(text: &str) -> String {
    text.replace("\\\\", "\\")
}
