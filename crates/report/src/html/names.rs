//! Names from logs as a page shows them: harmless, and short enough for their column.

use std::collections::HashMap;

use display::{cut, printable, width};
use serde::Serialize;

/// Columns of a name beside numbers.
const COLUMNS: usize = 56;
/// Names that are repeated in full at the end of the page, and the bytes of each.
const MOST_IN_FULL: usize = 100;
const MOST_BYTES: usize = 8_000;
/// Bytes of all of them.
const ALL_BYTES: usize = 80_000;

/// A name in its place.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Name {
    text: String,
    /// Number of the full name at the end of the page. `None` if nothing is missing, or no room
    /// is left.
    full: Option<usize>,
}

/// A long name in full.
#[derive(Debug, Serialize)]
pub(super) struct FullName {
    id: usize,
    text: String,
    /// Whether even this is cut.
    cut: bool,
}

/// The names of a page.
#[derive(Default)]
pub(super) struct Names {
    ids: HashMap<String, Option<usize>>,
    full: Vec<FullName>,
    bytes: usize,
}

impl Names {
    pub(super) fn show(&mut self, name: &str) -> Name {
        if name.is_empty() {
            return Name {
                text: "(empty)".to_owned(),
                full: None,
            };
        }
        let text = cut(name, COLUMNS, "…");
        let whole = name.len() <= 4 * COLUMNS && width(&printable(name)) <= COLUMNS;
        let full = if whole { None } else { self.keep(name) };
        Name { text, full }
    }

    pub(super) fn show_or_dash(&mut self, name: Option<&str>) -> Name {
        match name {
            Some(name) => self.show(name),
            None => Name {
                text: "–".to_owned(),
                full: None,
            },
        }
    }

    fn keep(&mut self, name: &str) -> Option<usize> {
        if let Some(known) = self.ids.get(name) {
            return *known;
        }
        let shown = printable(name);
        let end = shown.floor_char_boundary(MOST_BYTES);
        let has_room = self.full.len() < MOST_IN_FULL && self.bytes + end <= ALL_BYTES;
        let id = has_room.then_some(self.full.len() + 1);
        if let Some(id) = id {
            self.bytes += end;
            self.full.push(FullName {
                id,
                text: shown[..end].to_owned(),
                cut: end < shown.len(),
            });
        }
        // A hostile log has more long names than a page should remember.
        if self.ids.len() < 10 * MOST_IN_FULL {
            self.ids.insert(name.to_owned(), id);
        }
        id
    }

    pub(super) fn finish(self) -> Vec<FullName> {
        self.full
    }
}
