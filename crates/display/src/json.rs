//! Values as JSON for scripts, on a terminal too.

use std::io::{self, Write};

use serde::Serialize;

use crate::is_deceptive;

/// Prints a value as JSON for scripts. Characters that act on a terminal are escaped.
///
/// # Errors
/// If the value cannot be JSON, or the output refuses it.
pub fn print_json(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && is_deceptive(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    writeln!(out, "{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deceptive_characters_are_escaped_and_read_back() {
        let name = "a\u{1b}[2J\u{9b}\u{202e}\u{e0041}b 日本";
        let mut out = Vec::new();
        print_json(&[name], &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.chars()
                .all(|character| character == '\n' || !is_deceptive(character)),
            "{text:?}"
        );
        assert_eq!(serde_json::from_str::<[String; 1]>(&text).unwrap(), [name]);
    }
}
