//! A bar on the terminal while logs are read, or days packed.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lifecycle::Progress;

/// The bar takes the columns that are left; bytes are counted in powers of 1000, as everywhere.
const BYTES: &str =
    "reading logs [{wide_bar}] {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}";

/// A bar, or nothing if nobody would see it.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar on standard error, if that is a terminal and the user wants to be told.
    pub(crate) fn new(quiet: bool) -> Self {
        Self::with_template(quiet, BYTES)
    }

    /// The same while days of the history are packed.
    pub(crate) fn of_days(quiet: bool) -> Self {
        Self::with_template(quiet, "compacting days [{wide_bar}] {pos}/{len} {eta}")
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

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// A terminal of 80 columns that keeps what it is given.
    #[derive(Clone, Debug, Default)]
    struct Kept(Arc<Mutex<String>>);

    impl Kept {
        fn take(&self, text: &str) -> io::Result<()> {
            self.0.lock().unwrap().push_str(text);
            Ok(())
        }
    }

    impl TermLike for Kept {
        fn width(&self) -> u16 {
            80
        }
        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.take(&format!("{text}\n"))
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.take(text)
        }
        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_bar_fits_its_terminal_and_counts_in_powers_of_1000() {
        let terminal = Kept::default();
        let target = ProgressDrawTarget::term_like(Box::new(terminal.clone()));
        let bar = ProgressBar::with_draw_target(Some(123_456_000_000), target);
        bar.set_style(ProgressStyle::with_template(BYTES).unwrap());
        bar.set_position(98_765_000_000);
        bar.force_draw();
        let shown = terminal.0.lock().unwrap().clone();
        // Each time that it is drawn it begins so.
        let drawn: Vec<&str> = shown
            .split("reading logs")
            .skip(1)
            .map(str::trim_end)
            .collect();
        assert!(!drawn.is_empty());
        for line in drawn {
            assert!("reading logs".len() + line.chars().count() <= 80, "{line}");
            assert!(line.contains(" GB/123.46 GB"), "{line}");
        }
    }
}
