//! Words in lines.
//!
//! By hand, and not by `textwrap`: that crate adds up the widths of characters, and the width of a
//! text is not that sum (emoji of several characters join), so its lines would be longer or
//! shorter than the columns that [`width`] counts and [`cut`](crate::cut) cuts to. It also keeps runs
//! of blanks, which are one here.

use crate::width;

/// The words of a text in lines of at most `columns` columns; a longer word has its own.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        if last.is_empty() {
            last.push_str(word);
        } else if width(last) + 1 + width(word) <= columns {
            last.push(' ');
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_hold_whole_words_within_their_columns() {
        assert_eq!(wrapped("aa bb  cc\ndd", 5), ["aa bb", "cc dd"]);
        assert_eq!(wrapped("日本 日本 x", 9), ["日本 日本", "x"]);
        assert_eq!(wrapped("longer a", 3), ["longer", "a"]);
        assert_eq!(wrapped("", 3), [""]);
        assert_eq!(wrapped("a b", 0), ["a", "b"]);
    }
}
