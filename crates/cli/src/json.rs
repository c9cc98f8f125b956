//! Values as JSON for scripts.

use std::io::Write;

use serde::Serialize;

use crate::failure::Failure;

/// Prints a value as JSON for scripts. Characters that act on a terminal are escaped.
///
/// # Errors
/// Where the output refuses.
pub fn print_json(value: &impl Serialize, out: &mut dyn Write) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(value).map_err(std::io::Error::from)?;
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character != '\n' && report::is_deceptive(character) {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                shown.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            shown.push(character);
        }
    }
    writeln!(out, "{shown}")?;
    Ok(())
}
