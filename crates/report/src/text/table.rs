//! A table of names, bars and volumes in a given width.
//!
//! By hand, and not by a library of tables: names take the columns that bars and numbers leave, and a bar is
//! drawn in eighths of a column. A library would lay out neither.

use display::{Colour, bytes, fitted, percent};

use crate::text::options::Glyphs;

/// Columns of a volume, and of a share.
const NUMBER: usize = 10;
const SHARE: usize = 9;
/// Columns of a bar; without room for it there is none.
const BAR: usize = 16;
const ROOM_FOR_BAR: usize = 70;

/// One line.
pub(super) struct Line<'a> {
    /// A name, as the log has it.
    pub(super) name: &'a str,
    /// Bytes received.
    pub(super) down: u64,
    /// Bytes sent.
    pub(super) up: u64,
    /// Part of all bytes, from 0 to 1.
    pub(super) share: f64,
}

/// How a table is laid out.
pub(super) struct Layout {
    pub(super) width: usize,
    pub(super) glyphs: Glyphs,
    pub(super) colour: Colour,
}

impl Layout {
    /// The title with the names of the columns.
    pub(super) fn head(&self, title: &str) -> String {
        let left = self.width - 2 * NUMBER - SHARE;
        format!(
            "{title:<left$}{:>NUMBER$}{:>NUMBER$}{:>SHARE$}",
            "received", "sent", "share"
        )
    }

    /// A line.
    pub(super) fn line(&self, line: &Line<'_>) -> String {
        let ellipsis = match self.glyphs {
            Glyphs::Unicode => "…",
            Glyphs::Ascii => "...",
        };
        let bar = if self.width < ROOM_FOR_BAR { 0 } else { BAR };
        let name = self.width - 2 * NUMBER - SHARE - bar - 2;
        // A process may have no name at all, or one of blanks.
        let shown = if line.name.trim().is_empty() {
            format!("{:?}", line.name)
        } else {
            line.name.to_owned()
        };
        format!(
            "  {}{}{:>NUMBER$}{:>NUMBER$}{:>SHARE$}",
            fitted(&shown, name, ellipsis),
            self.bar(line.share, bar),
            bytes(line.down),
            bytes(line.up),
            percent(line.share),
        )
    }

    /// A bar in a field that leaves a blank on either side.
    fn bar(&self, share: f64, field: usize) -> String {
        let Some(columns) = field.checked_sub(2) else {
            return String::new();
        };
        let share = share.clamp(0.0, 1.0);
        let bar = match self.glyphs {
            Glyphs::Unicode => {
                let eighths = (share * columns as f64 * 8.0).round() as usize;
                let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
                "█".repeat(eighths / 8) + part
            }
            Glyphs::Ascii => "#".repeat((share * columns as f64).round() as usize),
        };
        let blanks = " ".repeat(columns - bar.chars().count());
        match self.colour {
            Colour::Plain => format!(" {bar}{blanks} "),
            Colour::Ansi => format!(" \x1b[36m{bar}\x1b[0m{blanks} "),
        }
    }
}
