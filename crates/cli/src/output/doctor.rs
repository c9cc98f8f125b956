//! What `doctor` found, in lines.

use std::io::Write;

use admin::doctor::{Check, Verdict};
use display::Tone;

use crate::failure::Failure;
use crate::terminal::Terminal;

/// Columns of the verdict and the topic.
const INDENT: usize = 18;

/// Prints the checks and what they come to.
pub(crate) fn show(
    checks: &[Check],
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let columns = terminal.width.saturating_sub(INDENT).max(40);
    for check in checks {
        let (verdict, tone) = match check.verdict {
            Verdict::Ok => ("ok     ", Tone::Ok),
            Verdict::Advice => ("advice ", Tone::Warning),
            Verdict::Fault => ("FAULT  ", Tone::Critical),
        };
        let verdict = terminal.colour.paint(tone, verdict);
        let cure = check.cure.iter().map(|cure| format!("cure: {cure}"));
        let lines = std::iter::once(check.said.clone())
            .chain(cure)
            .flat_map(|text| display::wrapped(&text, columns));
        for (number, line) in lines.enumerate() {
            match number {
                0 => writeln!(out, "{verdict} {:<9} {line}", check.topic)?,
                _ => writeln!(out, "{:INDENT$}{line}", "")?,
            }
        }
    }
    if terminal.quiet {
        return Ok(());
    }
    let count = |verdict| {
        checks
            .iter()
            .filter(|check| check.verdict == verdict)
            .count()
    };
    let (faults, advice) = (count(Verdict::Fault), count(Verdict::Advice));
    writeln!(out)?;
    match (faults, advice) {
        (0, 0) => writeln!(out, "Everything is as it should be.")?,
        (0, _) => writeln!(out, "Nothing is wrong; what could be better: {advice}.")?,
        _ => writeln!(out, "Faults: {faults}; what could be better: {advice}.")?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_shown_within_the_terminal() {
        let check = |topic, verdict, said: &str, cure: Option<&str>| Check {
            topic,
            verdict,
            said: said.to_owned(),
            cure: cure.map(str::to_owned),
        };
        let checks = [
            check(
                "settings",
                Verdict::Fault,
                "settings.yaml:3:1: hots: unknown key; did you mean host?",
                Some("correct the file that is named, and run this command again to see the rest"),
            ),
            check("disk", Verdict::Ok, "12.0 GB of 40.0 GB are free", None),
        ];
        let terminal = Terminal {
            quiet: false,
            is_verbose: false,
            is_terminal: false,
            width: 60,
            colour: display::Colour::Plain,
        };
        let mut out = Vec::new();
        show(&checks, &terminal, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.starts_with("FAULT   settings  settings.yaml:3:1: hots: unknown"),
            "{text}"
        );
        assert!(
            text.ends_with("\nFaults: 1; what could be better: 0.\n"),
            "{text}"
        );
        assert!(text.lines().all(|line| line.len() <= 60), "{text}");
    }
}
