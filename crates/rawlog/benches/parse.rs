//! What reading lines and frames costs, and how often it asks for memory.

use std::fmt::Write as _;
use std::hint::black_box;

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use rawlog::{Item, Limits, Reader, frame_hash, parse_line};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

const ROWS: usize = 1_000_000;
const ROWS_OF_A_FRAME: usize = 200;
const KINDS: [&str; 3] = ["process", "connection", "remote_address"];

fn main() {
    divan::main();
}

/// One row as bandwhich prints it.
fn row(kind: &str, number: usize, time: usize) -> String {
    let (up, down) = (number * 7919 % 100_003, number * 104_729 % 10_000_019);
    let host = format!("203.0.{}.{}", number % 100, number % 250);
    let rates = format!("up/down Bps: {up}/{down}");
    match kind {
        "process" => format!("process: <{time}> \"svc-{number:03}\" {rates} connections: 3"),
        "connection" => {
            let port = 32_768 + number;
            format!(
                "connection: <{time}> <enp3s0>:{port} => {host}:443 (tcp) {rates} process: \"firefox\""
            )
        }
        _ => format!("remote_address: <{time}> {host} {rates} connections: 12"),
    }
}

/// A log of one kind of rows.
fn log(kind: &str, rows: usize) -> String {
    let mut text = String::new();
    for frame in 0..rows.div_ceil(ROWS_OF_A_FRAME) {
        text.push_str("Refreshing:\n");
        for number in 0..ROWS_OF_A_FRAME.min(rows - frame * ROWS_OF_A_FRAME) {
            let row = row(kind, number, 1_772_409_600 + frame);
            writeln!(text, "{row}").expect("a string takes any text");
        }
        text.push('\n');
    }
    text
}

/// A million lines through a reader, as every command reads them.
#[divan::bench(args = KINDS, sample_count = 10)]
fn a_million_rows_through_a_reader(bencher: Bencher, kind: &str) {
    let log = log(kind, ROWS);
    let bench = bencher
        .counter(BytesCount::of_str(&log))
        .counter(ItemsCount::new(ROWS));
    bench.bench_local(|| {
        let mut sum = 0;
        let (extent, outcome) =
            Reader::new(log.as_bytes(), Limits::default()).for_each(|item| match item {
                Item::Frame(frame) => sum += frame.rows.iter().map(|row| row.up()).sum::<u64>(),
                _ => panic!("the log is in order"),
            });
        outcome.expect("memory can be read");
        (extent, sum)
    });
}

/// The grammar that decides about lines of an unusual form, on lines of the usual one.
#[divan::bench(args = KINDS)]
fn a_thousand_lines_by_the_grammar(bencher: Bencher, kind: &str) {
    let log = log(kind, 1000);
    let bench = bencher
        .counter(BytesCount::of_str(&log))
        .counter(ItemsCount::new(1000usize));
    bench.bench_local(|| {
        for line in log.lines() {
            black_box(parse_line(black_box(line.as_bytes())));
        }
    });
}

/// The part that a frame has in its run's identity.
#[divan::bench]
fn the_hash_of_a_frame(bencher: Bencher) {
    let frame = log("connection", ROWS_OF_A_FRAME);
    bencher
        .counter(BytesCount::of_str(&frame))
        .bench_local(|| frame_hash(black_box(frame.as_bytes())));
}
