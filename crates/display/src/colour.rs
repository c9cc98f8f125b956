//! Whether a terminal gets colours, and which mean something.

/// Whether colours are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// None.
    #[default]
    Plain,
    /// ANSI escape sequences.
    Ansi,
}

/// How much a word matters. The word says it too: no meaning is in a colour alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Look now: bold red.
    Critical,
    /// Worth a look: yellow.
    Warning,
    /// All is well: green.
    Ok,
    /// What a text is about: bold.
    Heading,
}

impl Colour {
    /// A text in the colour of a tone; what it is read as stays.
    ///
    /// ```
    /// use display::{Colour, Tone};
    /// assert_eq!(Colour::Plain.paint(Tone::Warning, "advice"), "advice");
    /// assert_eq!(Colour::Ansi.paint(Tone::Warning, "advice"), "\u{1b}[33madvice\u{1b}[0m");
    /// ```
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Critical => "1;31",
            Tone::Warning => "33",
            Tone::Ok => "32",
            Tone::Heading => "1",
        };
        match self {
            Colour::Plain => text.to_owned(),
            Colour::Ansi => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}
