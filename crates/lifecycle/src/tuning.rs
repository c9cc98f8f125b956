//! How the settings shape what the store writes and what a log may cost.

use settings::{InputMode, Settings};
use store::Tuning;

/// How the settings shape what the store writes.
pub fn tuning(settings: &Settings) -> Tuning {
    Tuning {
        fold: traffic::Options {
            resolution: settings.input.resolution_seconds(),
            mode: match settings.input.mode {
                InputMode::Auto => None,
                InputMode::Rate => Some(traffic::Mode::Rate),
                InputMode::Cumulative => Some(traffic::Mode::Cumulative),
            },
        },
        limits: rawlog::Limits {
            chunk_size: settings.processing.chunk_size,
            max_line_bytes: settings.input.max_line_bytes,
            ..rawlog::Limits::default()
        },
        batch_rows: settings.processing.batch_size,
        spread: false,
    }
}

/// How far a compressed log may unpack.
pub(crate) fn limits(settings: &Settings) -> files::Limits {
    files::Limits {
        max_expansion: settings.input.max_expansion,
        ..files::Limits::default()
    }
}
