//! What a log costs that is made to cost much.

use std::convert::Infallible;
use std::fmt::Write as _;

use rawlog::{Limits, Reader};

use super::*;

struct Nowhere;

impl Sink for Nowhere {
    type Error = Infallible;

    fn rows(&mut self, _: u32, _: &[Row], _: &Strings) -> Result<(), Infallible> {
        Ok(())
    }

    fn run_ended(&mut self, _: RunSummary) -> Result<(), Infallible> {
        Ok(())
    }
}

#[test]
fn restart_upon_restart_looks_at_each_frame_once() {
    let frames = 500;
    let mut log = String::new();
    for frame in 0..frames {
        let time = 1_790_000_000 + frame;
        writeln!(
            log,
            "Refreshing:\nprocess: <{time}> \"p{frame}\" up/down Bps: 9/9 connections: 1\n"
        )
        .unwrap();
    }
    let mut fold = LogFold::new(Options::default(), Nowhere);
    let (_, outcome) =
        Reader::new(log.as_bytes(), Limits::default()).for_each(|item| fold.take(item));
    outcome.unwrap();
    assert_eq!(fold.sights.looked_at(), frames as u64);
}
