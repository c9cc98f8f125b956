//! What can be wrong with settings, and where: one line a problem, each with its cure.

use std::fmt;
use std::path::PathBuf;

use display::printable;

/// Where a setting was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a settings file; line and column count from 1.
    File {
        /// The file, as it was named.
        path: PathBuf,
        /// The line.
        line: u64,
        /// The column, in characters.
        column: u64,
    },
    /// In an environment variable.
    Variable(String),
    /// On the command line.
    Flag(&'static str),
    /// Nowhere: it is the default.
    Default,
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it was typed.
    pub place: Place,
    /// The key it concerns, `section.name`; empty if the file as a whole is meant.
    pub key: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { path, line, column } => {
                let path = path.to_string_lossy();
                write!(formatter, "{}:{line}:{column}: ", printable(&path))?;
            }
            Place::Variable(name) => write!(formatter, "{}: ", printable(name))?,
            Place::Flag(name) => write!(formatter, "{name}: ")?,
            Place::Default => {}
        }
        // A variable or a flag says which key it is by its own name.
        let named = matches!(self.place, Place::Variable(_) | Place::Flag(_));
        if !named && !self.key.is_empty() {
            write!(formatter, "{}: ", printable(&self.key))?;
        }
        formatter.write_str(&self.message)
    }
}

/// Why settings could not be loaded. Every kind ends the program with exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file named on the command line is not there.
    #[error("{}: no such settings file", shown(.path))]
    Missing {
        /// The file, as it was named.
        path: PathBuf,
    },
    /// A file is there and cannot be read.
    #[error("{}: cannot be read: {source}", shown(.path))]
    Unreadable {
        /// The file, as it was named.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file is not what a settings file can be.
    #[error("{}: {reason}", shown(.path))]
    NotSettings {
        /// The file, as it was named.
        path: PathBuf,
        /// What it is instead.
        reason: String,
    },
    /// A file holds a password and more people than its owner may read it.
    #[error("{}: holds a password and can be read by group or others", shown(.path))]
    Exposed {
        /// The file, as it was named.
        path: PathBuf,
    },
    /// Keys or values are wrong; one line each.
    #[error("{}", lines(.0))]
    Invalid(Vec<Problem>),
}

impl SettingsError {
    /// The command that mends it, if there is one.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Exposed { path } => Some(format!("chmod 600 {}", quoted_for_shell(path))),
            Self::Missing { .. } => Some("network-monitor config init writes one".to_owned()),
            Self::Unreadable { .. } | Self::NotSettings { .. } | Self::Invalid(_) => None,
        }
    }
}

fn shown(path: &std::path::Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}

fn lines(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n")
}

fn quoted_for_shell(path: &std::path::Path) -> String {
    let text = shown(path);
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+".contains(character);
    if text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mending_command_can_be_pasted() {
        let hint = |path: &str| SettingsError::Exposed { path: path.into() }.hint();
        assert_eq!(
            hint("config/settings.yaml").unwrap(),
            "chmod 600 config/settings.yaml"
        );
        assert_eq!(
            hint("my $file's.yaml").unwrap(),
            r"chmod 600 'my $file'\''s.yaml'"
        );
    }

    #[test]
    fn a_hostile_file_name_cannot_act_on_the_terminal() {
        let error = SettingsError::Missing {
            path: "a\x1b[2J.yaml".into(),
        };
        assert_eq!(error.to_string(), "a\\u{1b}[2J.yaml: no such settings file");
    }
}
