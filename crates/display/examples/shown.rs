//! What a person sees of a hostile name, a number of bytes, a duration and a moment.

use display::{Moment, bytes, duration, fitted, printable};
use jiff::tz::TimeZone;

/// The four, a line each.
pub(crate) fn lines() -> String {
    let name = "nginx\u{1b}[2J\u{202e}gpj.exe";
    [
        printable(name).into_owned(),
        format!("{} {:>9}", fitted(name, 12, "…"), bytes(1_536)),
        format!("observed for {}", duration(86_012)),
        format!("since {}", Moment::new(1_735_686_000, &TimeZone::UTC)),
    ]
    .join("\n")
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() {
    println!("{}", lines());
}
