//! What folding costs, and how often it asks for memory.

use std::convert::Infallible;

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use rawlog::{Block, Extent, Limits, Reader};
use traffic::{LogFold, LogSummary, Mode, Options, Row, RunSummary, Sink, Strings, Volume};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const CONNECTIONS: usize = 200;
/// A minute, so that a bucket ends.
const FRAMES: usize = 60;
const PROCESSES: usize = 15;
const HOSTS: usize = 60;
const START: usize = 1_772_409_600;

fn main() {
    divan::main();
}

/// Frames of bandwhich with 200 connections each, and how many rows they have. The values are means
/// over five seconds, and two connections a second follow on others; or they are running sums.
fn log(frames: usize, mode: Mode) -> (String, usize) {
    let mut text = "Refreshing:\n<NO TRAFFIC>\n\n".to_owned();
    for second in 1..=frames {
        let time = START + second;
        let mut processes = [(0, 0, 0); PROCESSES];
        let mut hosts = [(0, 0, 0); HOSTS];
        let mut connections = String::new();
        let divisor = if mode == Mode::Rate {
            5.min(second + 1)
        } else {
            1
        };
        for slot in 0..CONNECTIONS {
            let (number, volume) = match mode {
                Mode::Rate => window(slot, second),
                Mode::Cumulative => (slot, 100 * second),
            };
            let (up, down) = (volume, volume * (number % 50));
            let (process, host, port) = (slot % PROCESSES, slot % HOSTS, 20_000 + number % 40_000);
            for sum in [&mut processes[process], &mut hosts[host]] {
                *sum = (sum.0 + up, sum.1 + down, sum.2 + 1);
            }
            let (up, down) = (up / divisor, down / divisor);
            connections += &format!(
                "connection: <{time}> <enp3s0>:{port} => 203.0.113.{host}:443 (tcp) up/down Bps: {up}/{down} process: \"svc-{process:03}\"\n"
            );
        }
        text += "Refreshing:\n";
        for (process, (up, down, count)) in processes.iter().enumerate() {
            let (up, down) = (up / divisor, down / divisor);
            text += &format!(
                "process: <{time}> \"svc-{process:03}\" up/down Bps: {up}/{down} connections: {count}\n"
            );
        }
        text += &connections;
        for (host, (up, down, count)) in hosts.iter().enumerate() {
            let (up, down) = (up / divisor, down / divisor);
            text += &format!(
                "remote_address: <{time}> 203.0.113.{host} up/down Bps: {up}/{down} connections: {count}\n"
            );
        }
        text.push('\n');
    }
    (text, frames * (PROCESSES + CONNECTIONS + HOSTS))
}

/// Which connection a place among the 200 holds at a second, and its bytes in the last five: it sends
/// for 96 seconds and is then printed for four more.
fn window(slot: usize, second: usize) -> (usize, usize) {
    let age = (second + slot) % 100;
    let number = slot + CONNECTIONS * ((second + slot) / 100);
    let sent = (0..5).filter(|back| *back <= age && age - back < 96 && *back < second);
    let bytes = |back| 100 + (number * 7919 + (second - back) * 31) % 97;
    (number, sent.map(bytes).sum())
}

#[derive(Default)]
struct Sum(Volume);

impl Sink for Sum {
    type Error = Infallible;

    fn rows(&mut self, _: u32, rows: &[Row], _: &Strings) -> Result<(), Infallible> {
        rows.iter().for_each(|row| self.0.add(row.volume));
        Ok(())
    }

    fn run_ended(&mut self, _: RunSummary) -> Result<(), Infallible> {
        Ok(())
    }
}

fn folded(log: &str) -> (LogSummary, Sum) {
    let mut fold = LogFold::new(Options::default(), Sum::default());
    let (_, outcome) =
        Reader::new(log.as_bytes(), Limits::default()).for_each(|item| fold.take(item));
    outcome.expect("memory can be read");
    let Ok(folded) = fold.finish();
    folded
}

/// A million lines, parsed and folded.
#[divan::bench(args = [Mode::Rate, Mode::Cumulative], sample_count = 5)]
fn a_million_rows_parsed_and_folded(bencher: Bencher, mode: Mode) {
    let (log, rows) = log(1_000_000 / (PROCESSES + CONNECTIONS + HOSTS), mode);
    let bench = bencher
        .counter(BytesCount::of_str(&log))
        .counter(ItemsCount::new(rows));
    bench.bench_local(|| {
        let (summary, sum) = folded(&log);
        assert_eq!(summary.rows, rows as u64);
        sum.0
    });
}

/// A minute that was parsed before, folded into a run that goes on.
#[divan::bench]
fn a_minute_of_200_connections_folded(bencher: Bencher) {
    let (log, rows) = log(2 * FRAMES, Mode::Rate);
    let half = log
        .match_indices("Refreshing:")
        .nth(FRAMES + 1)
        .expect("it has twice as many")
        .0;
    let (mut before, mut minute) = (block(&log[..half]), block(&log[half..]));
    let bench = bencher.counter(ItemsCount::new(rows / 2));
    bench
        .with_inputs(|| {
            let mut fold = LogFold::new(Options::default(), Sum::default());
            before.visit(&mut Extent::default(), |item| fold.take(item));
            fold
        })
        .bench_local_values(|mut fold| {
            minute.visit(&mut Extent::default(), |item| fold.take(item));
            fold
        });
}

/// A whole text, parsed.
fn block(text: &str) -> Block {
    let limits = Limits {
        chunk_size: text.len() + 1,
        ..Limits::default()
    };
    let mut block = Block::default();
    Reader::new(text.as_bytes(), limits).next_block(&mut block);
    block.read();
    block
}
