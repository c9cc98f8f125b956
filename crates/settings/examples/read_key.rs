//! Reads a key from the text of a settings file, or says where the text is wrong.

use std::path::Path;

use settings::{Environment, Settings, SettingsError};

/// How many days the archive keeps by this text, or each problem with its file, line and column.
pub(crate) fn archive_days(
    text: &str,
    environment: &Environment,
) -> Result<u32, Vec<settings::Problem>> {
    let path = Path::new("/etc/network-monitor/settings.yaml");
    match Settings::of_text(text, path, environment) {
        Ok(settings) => Ok(settings.archive.retention_days),
        Err(SettingsError::Invalid(problems)) => Err(problems),
        // Only a file can be missing or unreadable; this is a text.
        Err(_) => Err(Vec::new()),
    }
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() {
    let environment = Environment::of_this_process();
    for text in [
        "archive: {retention_days: 45}\n",
        "archive:\n  retention_days: soon\n",
    ] {
        match archive_days(text, &environment) {
            Ok(days) => println!("{days} days"),
            Err(problems) => problems.iter().for_each(|problem| println!("{problem}")),
        }
    }
}
