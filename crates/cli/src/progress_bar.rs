//! A bar on the terminal while logs are read, or days packed.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lifecycle::Progress;

/// A bar, or nothing if nobody would see it.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar on standard error, if that is a terminal and the user wants to be told.
    pub(crate) fn new(quiet: bool) -> Self {
        let template = "reading logs [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}";
        Self::with_template(quiet, template)
    }

    /// The same while days of the history are packed.
    pub(crate) fn of_days(quiet: bool) -> Self {
        Self::with_template(quiet, "compacting days [{bar:30}] {pos}/{len} {eta}")
    }

    fn with_template(quiet: bool, template: &str) -> Self {
        let bar = ProgressBar::new(0);
        if quiet || !std::io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("=> "));
        }
        Bar { bar }
    }
}

impl Progress for Bar {
    fn expect(&self, bytes: u64) {
        self.bar.set_length(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
