//! Makes text from outside safe to show on a terminal.
//!
//! Log lines, file names and settings are hostile: a control character moves the cursor or
//! recolours the screen, a bidi control reorders what is read, a zero-width character hides.

use std::borrow::Cow;
use std::fmt::Write;

/// Returns the text with every control, bidi, zero-width and line-separating character written
/// visibly as `\u{..}`. Text without any is returned as it came.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unprintable(character) {
            write!(shown, "\\u{{{:x}}}", u32::from(character)).expect("a String takes any text");
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Tells whether a character could act on a terminal or deceive its reader.
pub fn is_unprintable(character: char) -> bool {
    // `is_control` is C0, DEL and C1.
    character.is_control()
        || matches!(
            character,
            '\u{061c}' // Arabic letter mark
            | '\u{200b}'..='\u{200f}' // zero-width, left-to-right and right-to-left marks
            | '\u{2028}'..='\u{202e}' // line and paragraph separators, bidi embeddings
            | '\u{2060}' // word joiner
            | '\u{2066}'..='\u{2069}' // bidi isolates
            | '\u{feff}' // byte order mark
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_text_is_borrowed_unchanged() {
        for text in ["", "chrome", "Größe 10 €", "日本語", "a\\b \"c\""] {
            assert!(matches!(printable(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn an_escape_sequence_is_shown_and_not_sent() {
        assert_eq!(printable("\x1b[31mred\x07"), "\\u{1b}[31mred\\u{7}");
    }

    #[test]
    fn every_kind_of_deceiving_character_is_escaped() {
        let deceivers = [
            '\0', '\t', '\n', '\r', '\x1f', '\x7f', '\u{80}', '\u{9b}', '\u{9f}', '\u{61c}',
            '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2028}', '\u{2029}',
            '\u{202a}', '\u{202e}', '\u{2060}', '\u{2066}', '\u{2069}', '\u{feff}',
        ];
        for deceiver in deceivers {
            let expected = format!("a\\u{{{:x}}}b", u32::from(deceiver));
            assert_eq!(printable(&format!("a{deceiver}b")), expected);
        }
    }

    #[test]
    fn neighbours_of_the_escaped_ranges_stay() {
        let text = " ~\u{a0}\u{200a}\u{2010}\u{2027}\u{202f}\u{2065}\u{206a}";
        assert_eq!(printable(text), text);
    }
}
