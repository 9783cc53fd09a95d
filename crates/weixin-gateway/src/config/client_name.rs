//! The name of a client on pages. Users decide by it: it is seen, and shows nothing but itself.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

/// Whether a name has something to see, and nothing that is not seen or not known.
pub(super) fn is_visible(name: &str) -> bool {
    name.chars().all(is_known) && name.chars().any(shows_something)
}

/// Whether a character has a meaning that all systems show alike. The joiners of emoji and of Persian have one.
fn is_known(letter: char) -> bool {
    let is_joiner = matches!(letter, '\u{200c}' | '\u{200d}');
    let is_separator = matches!(
        letter.general_category(),
        GeneralCategory::LineSeparator | GeneralCategory::ParagraphSeparator
    );
    // Control, format, private use, unassigned, surrogate.
    let is_other = letter.general_category_group() == GeneralCategoryGroup::Other;
    is_joiner || !(is_other || is_separator || is_blank(letter))
}

fn shows_something(letter: char) -> bool {
    matches!(
        letter.general_category_group(),
        GeneralCategoryGroup::Letter
            | GeneralCategoryGroup::Number
            | GeneralCategoryGroup::Punctuation
            | GeneralCategoryGroup::Symbol
    )
}

/// Letters, marks and symbols that show nothing, whatever their category says: those of `Default_Ignorable_Code_Point` that
/// are no format characters and no variation selectors of emoji, the blank pattern of Braille, and the null notehead.
const fn is_blank(letter: char) -> bool {
    matches!(
        letter,
        '\u{34f}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{ffa0}'
            | '\u{fffc}'
            | '\u{1d159}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_shows_something_and_nothing_else() {
        for name in [
            "公司邮箱",
            "Mail & Chat",
            "7",
            "ひらがな",
            "한국어",
            "e\u{301}",
            "نامه\u{200c}ها",
            "❤\u{fe0f}",
            "👨\u{200d}👩\u{200d}👧",
            "#",
        ] {
            assert!(is_visible(name), "{}", name.escape_unicode());
        }
    }

    /// The characters alone, and in a name.
    #[test]
    fn a_name_contains_no_character_that_shows_nothing_or_is_unknown() {
        for letter in [
            '\0',
            '\n',
            '\u{7f}',
            '\u{ad}',
            '\u{34f}',
            '\u{378}',
            '\u{61c}',
            '\u{115f}',
            '\u{1160}',
            '\u{17b4}',
            '\u{180e}',
            '\u{200b}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{2066}',
            '\u{2800}',
            '\u{3164}',
            '\u{e000}',
            '\u{fdd0}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffc}',
            '\u{ffff}',
            '\u{1d159}',
            '\u{1d173}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e007f}',
            '\u{f0000}',
            '\u{10ffff}',
        ] {
            for name in [letter.to_string(), format!("Mail{letter}Chat")] {
                assert!(!is_visible(&name), "{}", name.escape_unicode());
            }
        }
    }

    #[test]
    fn a_name_is_more_than_space_and_marks() {
        for name in [
            "",
            " ",
            "\u{a0}",
            "\u{3000}",
            "\u{200d}",
            " \u{200c} ",
            "\u{301}",
            "\u{fe0f}",
            "\u{e0100}",
        ] {
            assert!(!is_visible(name), "{}", name.escape_unicode());
        }
    }
}
