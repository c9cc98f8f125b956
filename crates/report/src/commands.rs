//! What to type next about a finding: the command that shows its details, and the one that mutes it.
//!
//! Whoever reads pastes these into a shell, and the names in them were chosen by strangers. A name is quoted so
//! that a shell takes it as one word and nothing else; if that is impossible, there is no command.

use analysis::{Finding, FindingKind, Subject};
use jiff::civil::Date;

/// Columns of a longer name, which nobody pastes.
const LONGEST: usize = 200;

/// What to type next about a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commands {
    /// Shows its details. `None` if no name in it can be typed, or if there is nothing to show.
    pub show: Option<String>,
    /// Mutes it.
    pub mute: String,
}

impl Commands {
    /// The commands about a finding of these days.
    pub(crate) fn of(finding: &Finding, first: Date, last: Date) -> Self {
        let date = if first == last {
            first.to_string()
        } else {
            format!("{first}..{last}")
        };
        let show = match finding.kind {
            FindingKind::Quota | FindingKind::Trend => None,
            _ => option(finding).map(|option| {
                let blank = if option.is_empty() { "" } else { " " };
                format!("network-monitor show{blank}{option} --date {date}")
            }),
        };
        Commands {
            show,
            mute: format!("network-monitor analysis mute {}", finding.id),
        }
    }
}

/// The option that names whom it is about: a remote says more than its process. `None` if its name cannot be
/// typed; blank if it is about the whole host.
fn option(finding: &Finding) -> Option<String> {
    let culprit = finding.culprit.as_ref();
    let remote = culprit.and_then(|culprit| culprit.remote.as_ref());
    let process = culprit.and_then(|culprit| culprit.process.as_ref());
    let (name, value) = match (&finding.subject, remote, process) {
        (Subject::Remote(name), ..) | (Subject::Total, Some(name), _) => {
            ("--remote", name.as_str())
        }
        (Subject::Process(name), ..) | (Subject::Total, None, Some(name)) => {
            ("--process", name.as_str())
        }
        (Subject::Port(port), ..) => {
            let number = port
                .rsplit_once('/')
                .map_or(port.as_str(), |(_, number)| number);
            ("--port", number)
        }
        (Subject::Total, None, None) => return Some(String::new()),
    };
    let word = quoted(value)?;
    // A word that begins with a dash would be an option itself.
    let joint = if value.starts_with('-') { '=' } else { ' ' };
    Some(format!("{name}{joint}{word}"))
}

/// A name as one word of a POSIX shell. `None` if it holds characters that would act on a terminal or deceive
/// its reader, or is too long.
pub(crate) fn quoted(name: &str) -> Option<String> {
    if name.chars().count() > LONGEST || name.chars().any(display::is_deceptive) {
        return None;
    }
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_.:/@%+,-".contains(letter);
    if !name.is_empty() && name.chars().all(is_plain) {
        return Some(name.to_owned());
    }
    Some(format!("'{}'", name.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_takes_a_name_as_one_word_or_gets_none() {
        for (name, word) in [
            ("185.220.101.47", Some("185.220.101.47")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("", Some("''")),
            ("Web Content", Some("'Web Content'")),
            ("$(reboot)", Some("'$(reboot)'")),
            ("a;`b`&&c|d>e", Some("'a;`b`&&c|d>e'")),
            ("it's", Some(r"'it'\''s'")),
            ("~root", Some("'~root'")),
            ("*", Some("'*'")),
            ("größe", Some("'größe'")),
            ("two\nlines", None),
            ("\u{1b}[2J", None),
            ("\u{202e}gnp.exe", None),
            ("\u{7f}", None),
        ] {
            assert_eq!(quoted(name).as_deref(), word, "{name:?}");
        }
        assert_eq!(quoted(&"x".repeat(500)), None);
    }
}
