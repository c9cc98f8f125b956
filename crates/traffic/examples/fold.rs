//! Reads a log from standard input, folds it and prints what it adds up to: what parsing and folding
//! cost with nothing around them. With `--parse-only` the log is not folded, and the sums are those of
//! the printed values.

use std::convert::Infallible;
use std::io::{self, Write as _};

use rawlog::{Item, Kind, Limits, Reader};
use traffic::{LogFold, Options, Row, RunSummary, Sink, Strings, Table, Volume};

#[expect(
    clippy::disallowed_methods,
    reason = "a program may talk to the terminal and be given arguments, the crate may not"
)]
fn main() -> io::Result<()> {
    let reader = Reader::new(io::stdin().lock(), Limits::default());
    let parse_only = std::env::args().any(|argument| argument == "--parse-only");
    let (bytes, rows, volume) = if parse_only {
        parse(reader)
    } else {
        fold(reader)
    }?;
    let Volume { up, down } = volume;
    writeln!(
        io::stdout(),
        "{bytes} bytes, {rows} rows: {up} up, {down} down"
    )
}

/// Bytes, rows of all kinds, and the sum of the connections' rows.
pub(crate) fn parse(reader: Reader<impl io::Read>) -> io::Result<(u64, u64, Volume)> {
    let (mut rows, mut volume) = (0, Volume::default());
    let (extent, outcome) = reader.for_each(|item| {
        if let Item::Frame(frame) = item {
            rows += frame.rows.len() as u64;
            for row in frame.rows.iter() {
                if row.kind() == Kind::Connection {
                    volume.add(Volume {
                        up: row.up(),
                        down: row.down(),
                    });
                }
            }
        }
    });
    outcome.map(|()| (extent.bytes, rows, volume))
}

/// Bytes, rows of all kinds, and the bytes of the connections that are no loopback.
pub(crate) fn fold(reader: Reader<impl io::Read>) -> io::Result<(u64, u64, Volume)> {
    let mut fold = LogFold::new(Options::default(), Sum::default());
    let (extent, outcome) = reader.for_each(|item| fold.take(item));
    outcome?;
    let Ok((summary, sum)) = fold.finish();
    Ok((extent.bytes, summary.rows, sum.0))
}

#[derive(Default)]
struct Sum(Volume);

impl Sink for Sum {
    type Error = Infallible;

    fn rows(&mut self, _: u32, rows: &[Row], _: &Strings) -> Result<(), Infallible> {
        let traffic = rows.iter().filter(|row| row.table == Table::Traffic);
        traffic.for_each(|row| self.0.add(row.volume));
        Ok(())
    }

    fn run_ended(&mut self, _: RunSummary) -> Result<(), Infallible> {
        Ok(())
    }
}
