//! The law of exact counting: whatever moved, refresh by refresh, comes back out of what bandwhich
//! prints, but for what its rounding takes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use rawlog::{Limits, Reader};
use traffic::{
    LogFold, LogSummary, Mode, Options, Row, RunSummary, Sink, Strings, Table, Volume, tail_rows,
};

const START: i64 = 1_800_000_000;

/// What one connection moves: (up, down) per refresh.
type Flow = Vec<(u64, u64)>;

/// One life of bandwhich: its flows, all of the same number of refreshes.
#[derive(Clone, Debug)]
struct Life {
    flows: Vec<Flow>,
}

impl Life {
    fn refreshes(&self) -> usize {
        self.flows.first().map_or(0, Vec::len)
    }

    fn total(&self) -> Volume {
        let mut total = Volume::ZERO;
        for &(up, down) in self.flows.iter().flatten() {
            total.add(Volume { up, down });
        }
        total
    }

    /// Prints as bandwhich does: means over the last five refreshes, rounded down; rows stay for
    /// four refreshes after the last packet. With `running`, the sums of these means.
    fn print(&self, log: &mut String, time: &mut i64, running: bool) {
        let mut sums: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
        for k in 0..self.refreshes() {
            log.push_str("Refreshing:\n");
            let (mut connections, mut addresses) = (String::new(), String::new());
            for (number, flow) in self.flows.iter().enumerate() {
                let window = &flow[k.saturating_sub(4)..=k];
                let divisor = (k + 1).min(5) as u64;
                let up = window.iter().map(|(up, _)| up).sum::<u64>();
                let down = window.iter().map(|(_, down)| down).sum::<u64>();
                let mut values = (up / divisor, down / divisor);
                if running {
                    let sum = sums.entry(number).or_default();
                    (sum.0, sum.1) = (sum.0 + values.0, sum.1 + values.1);
                    values = *sum;
                    if values == (0, 0) {
                        continue;
                    }
                } else if (up, down) == (0, 0) {
                    continue;
                }
                let (up, down) = values;
                writeln!(
                    connections,
                    "connection: <{time}> <eth0>:{} => 192.0.2.{number}:443 (tcp) up/down Bps: \
                     {up}/{down} process: \"p{number}\"",
                    40_000 + number
                )
                .expect("a String takes any text");
                writeln!(
                    addresses,
                    "remote_address: <{time}> 192.0.2.{number} up/down Bps: {up}/{down} \
                     connections: 1"
                )
                .expect("a String takes any text");
            }
            if connections.is_empty() {
                log.push_str("<NO TRAFFIC>\n")
            } else {
                log.extend([connections, addresses])
            }
            log.push('\n');
            *time += 1;
        }
    }
}

#[derive(Default)]
struct Gathered {
    total: Volume,
    by_process: BTreeMap<String, Volume>,
    /// First and last refresh of each row.
    stretches: BTreeMap<String, Vec<(i64, i64)>>,
    runs: Vec<RunSummary>,
}

impl Gathered {
    fn add(&mut self, row: &Row, strings: &Strings) {
        if row.table == Table::Traffic {
            self.total.add(row.volume);
            let process = row
                .process
                .map(|process| strings.text(process).into_owned());
            let process = process.unwrap_or_default();
            if row.frames > 0 {
                let stretches = self.stretches.entry(process.clone()).or_default();
                stretches.push((row.first_seen, row.last_seen));
            }
            self.by_process.entry(process).or_default().add(row.volume);
        }
    }
}

impl Sink for Gathered {
    type Error = std::convert::Infallible;

    fn rows(&mut self, _: u32, rows: &[Row], strings: &Strings) -> Result<(), Self::Error> {
        rows.iter().for_each(|row| self.add(row, strings));
        Ok(())
    }

    fn run_ended(&mut self, summary: RunSummary) -> Result<(), Self::Error> {
        let mut strings = Strings::default();
        for row in tail_rows(&summary.carry, &mut strings) {
            self.add(&row, &strings);
        }
        self.runs.push(summary);
        Ok(())
    }
}

fn fold(log: &[u8], chunk_size: usize) -> (LogSummary, Gathered) {
    let mut fold = LogFold::new(Options::default(), Gathered::default());
    let limits = Limits {
        chunk_size,
        ..Limits::default()
    };
    let (extent, outcome) = Reader::new(log, limits).for_each(|item| fold.take(item));
    outcome.expect("memory can be read");
    let (summary, gathered) = match fold.finish() {
        Ok(done) => done,
        Err(never) => match never {},
    };
    assert_eq!(summary.accounting.total(), extent.bytes);
    (summary, gathered)
}

/// Bytes that rounding may take: up to four a window and direction, and a window ends every five
/// refreshes; rows of one key may round once more.
fn rounding(life: &Life) -> u64 {
    (life.flows.len() * (life.refreshes() / 5 + 2) * 5) as u64
}

fn close(found: u64, expected: u64, bound: u64) -> bool {
    found <= expected + bound && expected <= found + bound
}

/// Flows of bursts, pauses and steady stretches. The first refresh is empty: bandwhich prints it
/// right after its start.
fn life(refreshes: std::ops::Range<usize>) -> impl Strategy<Value = Life> {
    let stretch = (
        1..12usize,
        prop_oneof![Just(0u64), 20..2000u64, 10_000..5_000_000u64],
        0..9u64,
    );
    let flow = prop::collection::vec(stretch, 1..8);
    (refreshes, prop::collection::vec(flow, 1..5)).prop_map(|(refreshes, flows)| {
        let flows = flows.into_iter().map(|stretches| {
            let mut flow = vec![(0, 0)];
            for (length, bytes, tenth) in stretches.into_iter().cycle().take(200) {
                let share = bytes * tenth / 10;
                flow.extend(
                    (0..length).map(|k| (bytes - share + (k as u64 * 37) % 7 * bytes / 50, share)),
                );
            }
            flow.truncate(refreshes);
            flow
        });
        Life {
            flows: flows.collect(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_run_gives_back_what_moved(life in life(2..150)) {
        let (mut log, mut time) = (String::new(), START);
        life.print(&mut log, &mut time, false);
        let (_, gathered) = fold(log.as_bytes(), 1 << 20);
        let (found, expected, bound) = (gathered.total, life.total(), rounding(&life));
        prop_assert_eq!(gathered.runs.len() <= 1, true);
        prop_assert!(close(found.up, expected.up, bound), "{:?} {:?} {}", found, expected, bound);
        prop_assert!(close(found.down, expected.down, bound), "{:?} {:?}", found, expected);
        for (number, flow) in life.flows.iter().enumerate() {
            let sum: u64 = flow.iter().map(|(up, down)| up + down).sum();
            let found = gathered.by_process.get(&format!("p{number}")).map_or(0, |v| v.total());
            prop_assert!(close(found, sum, 2 * bound), "p{}: {} {}", number, found, sum);
        }
    }

    #[test]
    fn a_row_ends_where_its_connection_pauses_and_where_the_minute_ends(life in life(2..150)) {
        let (mut log, mut time) = (String::new(), START);
        life.print(&mut log, &mut time, false);
        let (_, gathered) = fold(log.as_bytes(), 1 << 20);
        for (number, flow) in life.flows.iter().enumerate() {
            let is_printed = |k: usize| {
                let window = &flow[k.saturating_sub(4)..=k];
                let divisor = (k + 1).min(5) as u64;
                let mean = |bytes: &dyn Fn(&(u64, u64)) -> u64| window.iter().map(bytes).sum::<u64>() / divisor;
                mean(&|bytes| bytes.0) + mean(&|bytes| bytes.1) > 0
            };
            let mut expected: Vec<(i64, i64)> = Vec::new();
            for second in (0..flow.len()).filter(|&k| is_printed(k)).map(|k| START + k as i64) {
                match expected.last_mut() {
                    Some((_, last)) if *last + 1 == second && second % 60 != 0 => *last = second,
                    _ => expected.push((second, second)),
                }
            }
            let mut found = gathered.stretches.get(&format!("p{number}")).cloned().unwrap_or_default();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_size_of_chunks_changes_nothing(life in life(2..60), chunk_size in 1..5000usize) {
        let (mut log, mut time) = (String::new(), START);
        life.print(&mut log, &mut time, false);
        let whole = fold(log.as_bytes(), 1 << 20).1;
        let parts = fold(log.as_bytes(), chunk_size).1;
        prop_assert_eq!(whole.by_process, parts.by_process);
        prop_assert_eq!(whole.runs, parts.runs);
    }

    #[test]
    fn a_jump_of_the_clock_moves_no_bytes(life in life(20..60), at in 5..19usize, step in -5000..5000i64) {
        let (mut log, mut time) = (String::new(), START);
        life.print(&mut log, &mut time, false);
        let expected = fold(log.as_bytes(), 1 << 20).1;
        let jump = |line: &str| {
            let Some((kind, rest)) = line.split_once('<') else { return line.to_owned() };
            let Some((stamp, rest)) = rest.split_once('>') else { return line.to_owned() };
            let Ok(stamp) = stamp.parse::<i64>() else { return line.to_owned() };
            let late = stamp >= START + at as i64;
            format!("{kind}<{}>{rest}", stamp + if late { step } else { 0 })
        };
        let moved: String = log.lines().map(|line| jump(line) + "\n").collect();
        let found = fold(moved.as_bytes(), 1 << 20).1;
        // If nothing moves at the jump, it looks like a restart unseen, and is weighted so.
        if found.runs.len() == expected.runs.len() {
            let off = found.total.total().abs_diff(expected.total.total());
            prop_assert!(off <= rounding(&life), "{:?} {:?}", found.total, expected.total);
        }
    }
}

#[test]
fn restarts_that_cut_a_stream_are_found_and_counted_apart() {
    // A stream that never rests, cut by three lives of bandwhich.
    let lives: Vec<Life> = (0..3)
        .map(|life| {
            let flow = (0..25u64).map(|k| {
                if k == 0 {
                    (0, 0)
                } else {
                    (900 + k * 31 % 17, 70_000 + (k + life) * 977 % 5000)
                }
            });
            Life {
                flows: vec![flow.collect()],
            }
        })
        .collect();
    let (mut log, mut time) = (String::new(), START);
    let mut expected = Volume::ZERO;
    for life in &lives {
        life.print(&mut log, &mut time, false);
        expected.add(life.total());
        time += 4;
    }
    let (_, gathered) = fold(log.as_bytes(), 1 << 20);
    assert_eq!(gathered.runs.len(), 3);
    assert!(
        close(gathered.total.down, expected.down, 100),
        "{:?} {expected:?}",
        gathered.total
    );
    assert!(
        close(gathered.total.up, expected.up, 100),
        "{:?} {expected:?}",
        gathered.total
    );
}

#[test]
fn running_sums_are_known_and_differenced() {
    let flow = |seed: u64, bytes: u64| {
        (0..60u64)
            .map(|k| {
                if k == 0 || (k + seed) % 9 > 6 {
                    (0, 0)
                } else {
                    (bytes / 9 + k, bytes + k * 13)
                }
            })
            .collect()
    };
    let life = Life {
        flows: vec![flow(1, 50_000), flow(2, 700), flow(5, 9_000)],
    };
    let (mut log, mut time) = (String::new(), START);
    life.print(&mut log, &mut time, true);
    let (_, gathered) = fold(log.as_bytes(), 1 << 20);
    assert_eq!(gathered.runs[0].mode, Mode::Cumulative);
    let (found, expected) = (gathered.total, life.total());
    // Each printed sum rounds once a refresh.
    assert!(
        close(found.down, expected.down, 60 * 3 * 5),
        "{found:?} {expected:?}"
    );
    assert!(
        close(found.up, expected.up, 60 * 3 * 5),
        "{found:?} {expected:?}"
    );
}

#[test]
fn the_end_of_a_log_is_settled_by_the_log_that_continues_it() {
    let flow = |bytes: u64| {
        (0..80u64)
            .map(|k| {
                if k == 0 {
                    (0, 0)
                } else {
                    (bytes + k % 3, 2 * bytes)
                }
            })
            .collect()
    };
    let life = Life {
        flows: vec![flow(10_000), flow(777)],
    };
    let (mut log, mut time) = (String::new(), START);
    life.print(&mut log, &mut time, false);
    let border = log.match_indices("Refreshing:").nth(43).unwrap().0;
    let (head, tail) = log.split_at(border);
    let sum = |log: &str| {
        let mut rows = Volume::ZERO;
        let (_, gathered) = fold(log.as_bytes(), 1 << 20);
        rows.add(gathered.total);
        (rows, gathered.runs.into_iter().next().unwrap())
    };
    let ((head_rows, head), (tail_rows_sum, tail)) = (sum(head), sum(tail));
    let owed = |carry: &traffic::Carry| {
        let mut total = Volume::ZERO;
        tail_rows(carry, &mut Strings::default())
            .iter()
            .for_each(|row| total.add(row.volume));
        total.total()
    };
    assert!(tail.may_continue && head.may_go_on);
    let joined = tail.carry.after(&head.carry);
    let found = head_rows.total() - owed(&head.carry) + tail_rows_sum.total() - owed(&tail.carry)
        + owed(&joined);
    assert!(
        close(found, life.total().total(), 2 * rounding(&life)),
        "{found} {:?}",
        life.total()
    );
}
