//! Lines for a terminal, each within its width.

use display::{Colour, cut, width, wrapped};

use crate::text::options::{Glyphs, TextOptions};

/// Columns before the values.
const LABEL: usize = 11;
/// Below this nothing can be aligned any more.
const MIN_WIDTH: usize = 50;

/// What is written line by line.
pub(crate) struct Lines {
    pub(crate) width: usize,
    pub(crate) glyphs: Glyphs,
    pub(crate) colour: Colour,
    pub(crate) text: String,
}

impl Lines {
    pub(crate) fn new(options: &TextOptions) -> Self {
        Lines {
            width: options.width.max(MIN_WIDTH),
            glyphs: options.glyphs,
            colour: options.colour,
            text: String::new(),
        }
    }

    pub(crate) fn labelled(&mut self, label: &str, value: &str) {
        let label = format!("{label:<LABEL$}");
        self.line(&format!("{label}{value}"));
    }

    pub(crate) fn heading(&mut self, text: &str) {
        let text = cut(text, self.width, self.ellipsis());
        match self.colour {
            Colour::Plain => self.text += &text,
            Colour::Ansi => self.text += &format!("\x1b[1m{text}\x1b[0m"),
        }
        self.blank();
    }

    pub(crate) fn line(&mut self, text: &str) {
        self.text += cut(text, self.width, self.ellipsis()).trim_end();
        self.blank();
    }

    /// A text in as many lines as it takes, `first` before the first of them and blanks before the others.
    pub(crate) fn paragraph(&mut self, first: &str, text: &str) {
        let indent = " ".repeat(width(first));
        let text = display::printable(text);
        for (place, line) in wrapped(&text, self.width - indent.len()).iter().enumerate() {
            let before = if place == 0 { first } else { &indent };
            self.line(&format!("{before}{line}"));
        }
    }

    /// Ends the line.
    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    pub(crate) fn ellipsis(&self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "…",
            Glyphs::Ascii => "...",
        }
    }

    pub(crate) fn down(&self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "↓",
            Glyphs::Ascii => "down",
        }
    }

    pub(crate) fn up(&self) -> &'static str {
        match self.glyphs {
            Glyphs::Unicode => "↑",
            Glyphs::Ascii => "up",
        }
    }

    /// The sign words of our own have between a first and a last.
    pub(crate) fn plain(&self, text: &str) -> String {
        match self.glyphs {
            Glyphs::Unicode => text.to_owned(),
            Glyphs::Ascii => text
                .replace(['–', '−'], "-")
                .replace('±', "+/-")
                .replace('·', "."),
        }
    }

    /// Values as heights of one character each against the most of them; what is missing as a dot.
    pub(crate) fn spark(&self, values: &[Option<f64>], most: f64) -> String {
        let (levels, missing): (&[char], char) = match self.glyphs {
            Glyphs::Unicode => (&['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'], '·'),
            Glyphs::Ascii => (&['_', '.', ':', '-', '=', '+', '*', '#'], ' '),
        };
        let top = levels.len() - 1;
        let level = |value: &Option<f64>| match value {
            None => missing,
            Some(value) if most > 0.0 => {
                let part = (value / most).clamp(0.0, 1.0);
                levels[((part * top as f64).ceil() as usize).min(top)]
            }
            Some(_) => levels[0],
        };
        values.iter().map(level).collect()
    }
}
