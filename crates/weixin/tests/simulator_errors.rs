//! Every refusal that the simulator's golden files show is explained, with the same text. The two tables of errors share
//! no code: the golden files, which are made from WeChat's documentation and observations, hold them together.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::Value;
use weixin::error::ErrCode;

/// A code, with the text beside it; empty if there is none.
type Refusal = (i64, String);

/// Refusals in all strings of a golden file: `{"errcode":…,"errmsg":"…"}` and the dialogs of an official account's login.
fn refusals(golden: &Value, found: &mut BTreeSet<Refusal>) {
    match golden {
        Value::String(text) => found.extend(refusal(text)),
        Value::Array(items) => {
            found.extend(dialog(items));
            for item in items {
                refusals(item, found);
            }
        }
        Value::Object(members) => {
            for item in members.values() {
                refusals(item, found);
            }
        }
        _ => {}
    }
}

fn refusal(text: &str) -> Option<Refusal> {
    let (_, rest) = text.split_once("\"errcode\":")?;
    let end = rest.find([',', '}'])?;
    let errmsg = rest
        .split_once("\"errmsg\":\"")
        .map_or("", |(_, text)| text);
    let end_of_text = [", rid:", " hint:", " rid:", "\""]
        .into_iter()
        .filter_map(|suffix| errmsg.find(suffix))
        .min();
    let errmsg = &errmsg[..end_of_text.unwrap_or(0)];
    Some((rest[..end].parse().ok()?, errmsg.to_owned()))
}

/// A dialog: its text and its number are two parts of one page.
fn dialog(parts: &[Value]) -> Option<Refusal> {
    let parts = || parts.iter().filter_map(Value::as_str);
    let text = parts().find_map(|part| part.strip_prefix("<p id=\"text\">")?.strip_suffix("</p>"));
    let number = parts().find_map(|part| part.split_once("错误码：").map(|(_, number)| number))?;
    let number = number.trim_end_matches("</p>").parse().ok()?;
    Some((number, text.unwrap_or_default().to_owned()))
}

/// The text without what differs from caller to caller.
fn fixed(text: &str) -> &str {
    let end = text.find(|c: char| c.is_ascii_digit() && text.starts_with("invalid ip "));
    &text[..end.unwrap_or(text.len())]
}

#[test]
fn every_refusal_of_the_simulator_is_explained() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../weixin-sim/golden");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let golden = fs::read(entry.unwrap().path()).unwrap();
        refusals(&serde_json::from_slice(&golden).unwrap(), &mut found);
    }
    let codes: BTreeSet<_> = found.iter().map(|(code, _)| *code).collect();
    for expected in [-1, 0, 10003, 10057, 40164, 40242, 50002, 87009, 89503] {
        assert!(codes.contains(&expected), "no golden file shows {expected}");
    }
    for (code, text) in found {
        let explanation = ErrCode(code).explanation();
        let explanation = explanation.unwrap_or_else(|| panic!("{code} ({text}) is not explained"));
        assert!(
            text.is_empty() || text.starts_with(fixed(explanation.message)),
            "{code}: the simulator says {text:?}, the explanation {:?}",
            explanation.message
        );
    }
}
