//! The terminal that a command talks to.

use std::io::{self, IsTerminal as _};

use display::{Colour, Tone};
use settings::Environment;

use crate::args::{Args, ColorWhen};

/// The terminal, or what stands for it.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Whether only failures are shown.
    pub quiet: bool,
    /// Whether more is shown than what matters most.
    pub is_verbose: bool,
    /// Whether the output is a terminal.
    pub is_terminal: bool,
    /// Columns of the output.
    pub width: usize,
    /// Colours of the output.
    pub colour: Colour,
}

impl Terminal {
    /// The word before what needs attention.
    pub(crate) fn attention(&self) -> String {
        self.colour.paint(Tone::Critical, "Attention")
    }

    /// The terminal of this process.
    pub fn of(args: &Args, environment: &Environment) -> Self {
        let is_terminal = io::stdout().is_terminal();
        Terminal {
            quiet: args.quiet,
            is_verbose: args.verbose > 0,
            is_terminal,
            width: width(),
            colour: if is_coloured(args.color, is_terminal, environment) {
                Colour::Ansi
            } else {
                Colour::Plain
            },
        }
    }
}

/// Columns of the terminal; 80 if the output is not a terminal.
fn width() -> usize {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map_or(80, |(terminal_size::Width(columns), _)| columns.into())
}

/// Whether to colour, by <https://no-color.org> if the user leaves it to the program.
pub fn is_coloured(when: ColorWhen, is_terminal: bool, environment: &Environment) -> bool {
    let variable = |name| environment.variables.get(name).map_or("", String::as_str);
    match when {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto => {
            is_terminal && variable("NO_COLOR").is_empty() && variable("TERM") != "dumb"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_follows_the_flag_then_no_color_then_the_terminal() {
        let mut environment = Environment::for_tests();
        let auto = |terminal, environment: &Environment| {
            is_coloured(ColorWhen::Auto, terminal, environment)
        };
        assert!(auto(true, &environment));
        assert!(!auto(false, &environment));
        environment.variables.insert("NO_COLOR".into(), "1".into());
        assert!(!auto(true, &environment));
        assert!(is_coloured(ColorWhen::Always, false, &environment));
        assert!(!is_coloured(
            ColorWhen::Never,
            true,
            &Environment::for_tests()
        ));
    }
}
