//! How a text for a terminal looks.

use display::Colour;

/// Which characters a terminal can show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Glyphs {
    /// Bars of blocks, arrows, an ellipsis.
    #[default]
    Unicode,
    /// Nothing of our own beyond ASCII. Names stay as they are.
    Ascii,
}

/// How a summary looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns; at least 50 are used.
    pub width: usize,
    /// Characters.
    pub glyphs: Glyphs,
    /// Colours.
    pub colour: Colour,
    /// Names of the files that were written.
    pub files: Vec<String>,
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions {
            width: 80,
            glyphs: Glyphs::default(),
            colour: Colour::default(),
            files: Vec::new(),
        }
    }
}
