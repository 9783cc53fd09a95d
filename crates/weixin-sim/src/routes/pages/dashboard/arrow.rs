//! An arrow of the sequence diagram.

use crate::bilingual::Language;

/// What an arrow stands for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// A request, by its number.
    Request(u64),
    /// Between browser and site, where the simulator sees nothing.
    Guess,
    Polls,
    /// Done on the phone, or WeChat's answer to it.
    Act,
}

/// An arrow between two of the four lanes.
#[derive(Clone, Debug)]
pub(super) struct Arrow {
    /// Identifies the arrow in the address, whatever is added to the story.
    pub(super) key: String,
    /// Class names.
    pub(super) class: String,
    /// Lanes, 1 to 4; the arrow points from the second to the first if the class is `back`.
    pub(super) lanes: (u8, u8),
    pub(super) time: String,
    /// HTML.
    pub(super) text: String,
    /// Class and text.
    pub(super) chips: Vec<(String, String)>,
    /// Class, name and sentence.
    pub(super) remarks: Vec<(&'static str, String, String)>,
    pub(super) meaning: Meaning,
}

impl Arrow {
    pub(super) fn new(
        key: impl Into<String>,
        lanes: (u8, u8),
        class: &str,
        text: impl Into<String>,
    ) -> Self {
        Self {
            key: key.into(),
            class: class.to_owned(),
            lanes,
            time: String::new(),
            text: text.into(),
            chips: Vec::new(),
            remarks: Vec::new(),
            meaning: Meaning::Act,
        }
    }

    pub(super) fn guess(mut self) -> Self {
        self.class.push_str(" guess");
        self.meaning = Meaning::Guess;
        self
    }

    pub(super) fn chip(mut self, chip: &str) -> Self {
        self.chips.push(("mono".to_owned(), chip.to_owned()));
        self
    }

    /// Names of the lanes, in the direction of the arrow, for those who do not see it.
    pub(super) fn direction(&self, language: Language) -> String {
        let lane = |number| lane(number, language);
        let (from, to) = self.lanes;
        if self.class.contains("back") {
            format!("{} → {}", lane(to), lane(from))
        } else {
            format!("{} → {}", lane(from), lane(to))
        }
    }
}

fn lane(number: u8, language: Language) -> &'static str {
    match number {
        1 => language.pick("浏览器", "Browser"),
        2 => language.pick("你的网站", "Your site"),
        3 => language.pick("微信", "WeChat"),
        _ => language.pick("手机", "Phone"),
    }
}
