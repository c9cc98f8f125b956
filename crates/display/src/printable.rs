//! Text from a log, made safe for a terminal and cut to a width.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

/// The text with every character shown as `\u{..}` that would act on a terminal, reorder what is
/// read, or not be seen: controls, bidi controls, zero-width characters, line separators.
///
/// ```
/// assert_eq!(display::printable("a\u{1b}[2Jb"), r"a\u{1b}[2Jb");
/// ```
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_deceptive(character) {
            write!(shown, "\\u{{{:x}}}", u32::from(character)).expect("a String takes any text");
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Whether a character could act on a terminal or deceive its reader.
pub fn is_deceptive(character: char) -> bool {
    // `is_control` is C0, DEL and C1.
    character.is_control()
        || matches!(
            character,
            '\u{ad}' // soft hyphen
                | '\u{61c}' // Arabic letter mark
                | '\u{180e}' // Mongolian vowel separator
                | '\u{200b}'..='\u{200f}' // zero-width, left-to-right and right-to-left marks
                | '\u{2028}'..='\u{202e}' // line and paragraph separators, bidi embeddings
                | '\u{2060}'..='\u{206f}' // word joiner, invisible operators, bidi isolates
                | '\u{feff}' // byte order mark
                | '\u{fff9}'..='\u{fffb}' // interlinear annotations
                | '\u{e0000}'..='\u{e0fff}' // tags
        )
}

/// Columns that a text takes on a terminal.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The printable text in exactly `columns` columns: padded with blanks, or cut with `ellipsis`.
///
/// ```
/// assert_eq!(display::fitted("日本語", 5, "…"), "日本…");
/// assert_eq!(display::fitted("a", 3, "…"), "a  ");
/// ```
pub fn fitted(text: &str, columns: usize, ellipsis: &str) -> String {
    let mut fitted = cut(text, columns, ellipsis);
    fitted.extend(std::iter::repeat_n(
        ' ',
        columns.saturating_sub(fitted.width()),
    ));
    fitted
}

/// The printable text in at most `columns` columns.
pub fn cut(text: &str, columns: usize, ellipsis: &str) -> String {
    // A name may hold any number of marks that take no column, each a burden for the terminal.
    let most = columns.saturating_mul(2).saturating_add(8);
    let long = text.char_indices().nth(most).map(|(at, _)| at);
    let shown = printable(&text[..long.unwrap_or(text.len())]);
    if long.is_none() && shown.width() <= columns {
        return shown.into_owned();
    }
    let room = columns.saturating_sub(ellipsis.width());
    let mut end = 0;
    for (at, character) in shown.char_indices() {
        // Widths of texts are not the sums of those of their characters: emoji join.
        let next = at + character.len_utf8();
        if shown[..next].width() > room {
            break;
        }
        end = next;
    }
    let mut cut = shown[..end].to_owned();
    if ellipsis.width() <= columns {
        cut.push_str(ellipsis);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_that_deceives_is_shown() {
        let deceptive = "\0\t\n\r\u{1b}\u{7f}\u{80}\u{9b}\u{61c}\u{200b}\u{200d}\u{200f}\u{2028}\
                         \u{202a}\u{202e}\u{2060}\u{2066}\u{2069}\u{feff}\u{e0041}";
        for character in deceptive.chars() {
            let shown = printable(&format!("a{character}b")).into_owned();
            assert_eq!(shown, format!("a\\u{{{:x}}}b", u32::from(character)));
        }
        assert!(matches!(
            printable("Größe 日本 🚀 e\u{301}"),
            Cow::Borrowed(_)
        ));
    }

    #[test]
    fn a_fitted_text_takes_exactly_its_columns() {
        let zalgo = "x".to_owned() + &"\u{301}".repeat(50_000);
        for text in [
            "",
            "chrome",
            "日本語のプロセス",
            "🚀🚀🚀🚀🚀🚀",
            "❤\u{fe0f}❤\u{fe0f}❤\u{fe0f}",
            "\u{202e}x",
            &zalgo,
        ] {
            for columns in 0..24 {
                let fitted = fitted(text, columns, "…");
                assert_eq!(width(&fitted), columns, "{text:.20?} in {columns}");
                assert!(fitted.len() < 1000);
            }
        }
    }
}
