//! Whether a terminal gets colours.

/// Whether colours are sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// None.
    #[default]
    Plain,
    /// ANSI escape sequences.
    Ansi,
}
