//! A day of talks that a seed makes: beacons among ordinary peers.

use analysis::{History, Talks};

use super::{START, normal};

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Days of a week.
const WEEK: usize = 7;
/// Periods of beacons, in seconds.
pub(crate) const PERIODS: [f64; 7] = [60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0];

/// A beacon that was hidden.
#[derive(Clone, Debug)]
pub(crate) struct Hidden {
    pub(crate) remote: String,
    pub(crate) period: f64,
}

/// A day with beacons, one of each period, of one jitter, among so many ordinary peers.
pub(crate) fn day(seed: u64, jitter: f64, ordinary: usize) -> (History, Vec<Hidden>) {
    let random = &mut fastrand::Rng::with_seed(seed ^ jitter.to_bits());
    let mut hidden = Vec::new();
    let mut talks = Vec::new();
    for (number, period) in PERIODS.into_iter().enumerate() {
        let remote = format!("203.0.113.{number}");
        talks.push(made(&remote, beacon(random, period, jitter), 1));
        hidden.push(Hidden { remote, period });
    }
    for number in 0..ordinary {
        let remote = format!("198.18.{}.{}", number / 250, number % 250);
        talks.push(made(&remote, ordinary_peer(random, number % 9), 1));
    }
    let mut observed = [3600; 24];
    // Now and then an hour or two are missing.
    if random.bool() {
        let first = random.usize(0..22);
        observed[first..first + random.usize(1..3)].fill(0);
    }
    let is_seen = |start: i64| observed[((start - START) / 3600) as usize] > 0;
    for talks in &mut talks {
        let seen: Vec<bool> = talks.starts.iter().map(|start| is_seen(*start)).collect();
        let mut keep = seen.iter().copied();
        talks.starts.retain(|_| keep.next().unwrap_or(false));
        let mut keep = seen.iter().copied();
        talks.ends.retain(|_| keep.next().unwrap_or(false));
        let mut keep = seen.iter().copied();
        talks.bytes.retain(|_| keep.next().unwrap_or(false));
    }
    (history(seed, &observed, talks), hidden)
}

/// A week with three nightly backups and an ordinary peer for each of so many processes. Gives the
/// backups' peers.
pub(crate) fn week(seed: u64, ordinary: usize) -> (History, Vec<String>) {
    let random = &mut fastrand::Rng::with_seed(seed);
    let mut talks = Vec::new();
    let mut backups = Vec::new();
    for number in 0..3 {
        let remote = format!("203.0.113.{}", 100 + number);
        let (hour, size) = (24.0 * random.f64(), 5e6 * 1000f64.powf(random.f64()));
        let (off, length) = (60.0 + 840.0 * random.f64(), 30.0 + 1800.0 * random.f64());
        let mut events = Vec::new();
        // Five nights at least; each is sent in pieces.
        let missed = [random.usize(0..14), random.usize(0..14)];
        for night in (0..WEEK).filter(|night| !missed.contains(night)) {
            let start = (night as f64 + hour / 24.0) * DAY + off * (2.0 * random.f64() - 1.0);
            let size = size * (0.15 * normal(random)).exp();
            for piece in 0..5 {
                events.push((start + length * f64::from(piece) / 5.0, size / 5.0));
            }
        }
        talks.push(made(&remote, events, WEEK));
        backups.push(remote);
    }
    for number in 0..ordinary {
        let mut events = Vec::new();
        let mut kind = fastrand::Rng::with_seed(random.u64(..));
        for day in 0..WEEK {
            // A peer is the same every day, and large enough to count.
            let of_day = ordinary_peer(&mut kind, number % 9);
            let shifted = of_day.into_iter();
            events.extend(shifted.map(|(time, size)| (day as f64 * DAY + time, size * 1e3)));
        }
        let remote = format!("198.18.{}.{}", number / 250, number % 250);
        talks.push(made(&remote, events, WEEK));
    }
    (history(seed, &vec![3600; WEEK * 24], talks), backups)
}

fn history(seed: u64, observed: &[u32], talks: Vec<Talks>) -> History {
    let hours =
        (observed.iter().enumerate()).map(|(hour, observed)| super::hour_of(hour, *observed));
    History {
        host: format!("host{seed}"),
        hours: hours.collect(),
        talks,
        since: Some(START),
        ..History::default()
    }
}

/// Talks as the log shows them: whole seconds, five refreshes at least, with a pause between.
fn made(remote: &str, mut events: Vec<(f64, f64)>, days: usize) -> Talks {
    events.retain(|(time, _)| (0.0..DAY * days as f64).contains(time));
    events.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut talks = Talks {
        remote: remote.to_owned(),
        port: Some(443),
        protocol: Some("tcp".to_owned()),
        process: None,
        starts: Vec::new(),
        ends: Vec::new(),
        bytes: Vec::new(),
        connections: events.len() as u64,
    };
    for (time, bytes) in events {
        let (start, bytes) = (START + time as i64, bytes as u64);
        match (talks.ends.last_mut(), talks.bytes.last_mut()) {
            (Some(end), Some(sum)) if start <= *end + 1 => {
                *end = start + 4;
                *sum += bytes;
            }
            _ => {
                talks.starts.push(start);
                talks.ends.push(start + 4);
                talks.bytes.push(bytes);
            }
        }
    }
    talks
}

/// Sleeps that vary, or times that vary about a fixed step; all day, or while an office works.
fn beacon(random: &mut fastrand::Rng, period: f64, jitter: f64) -> Vec<(f64, f64)> {
    let (first, last) = match random.usize(0..4) {
        0 => (8.0 * 3600.0, 18.0 * 3600.0),
        _ => (0.0, DAY),
    };
    let (mut grid, mut time) = (first + random.f64() * period, 0.0);
    let sleeps = random.bool();
    let (size, vary) = (
        200.0 + 2000.0 * random.f64(),
        [0.0, 0.02, 0.1][random.usize(0..3)],
    );
    let mut events = Vec::new();
    while grid < last {
        let off = (2.0 * random.f64() - 1.0) * jitter * period;
        if sleeps {
            time = grid;
            grid += period + off;
        } else {
            // Half of it each, so that the time between two varies by the jitter at most.
            time = time.max(grid + off / 2.0);
            grid += period;
        }
        // One in a hundred is not seen; one in fifty brings something to do.
        let size = match random.usize(0..50) {
            0 => size * 20.0,
            _ => size * (1.0 + vary * normal(random)).max(0.5),
        };
        if random.usize(0..100) > 0 {
            events.push((time, size));
        }
    }
    events
}

/// Somebody who is talked to for other reasons.
fn ordinary_peer(random: &mut fastrand::Rng, kind: usize) -> Vec<(f64, f64)> {
    let mut events = Vec::new();
    let middle = 6.0 + 4.0 * random.f64();
    let size = |random: &mut fastrand::Rng, vary: f64| (middle + vary * normal(random)).exp();
    let wait = |random: &mut fastrand::Rng, mean: f64| -mean * random.f64().max(1e-12).ln();
    match kind {
        // Browsing: sessions with clicks.
        0 | 1 => {
            for _ in 0..random.usize(1..12) {
                let mut time = (8.0 + 14.0 * random.f64()) * 3600.0;
                let pace = 2.0 + 1.5 * random.f64();
                for _ in 0..random.usize(2..60) {
                    events.push((time, size(random, 1.5)));
                    time += (pace + 1.2 * normal(random)).exp();
                }
            }
        }
        // A service that somebody needs now and then, all day, with all sizes.
        2 => {
            let mean = 20.0 * 200f64.powf(random.f64());
            let vary = 0.5 + random.f64();
            let mut time = wait(random, mean);
            while time < DAY {
                events.push((time, size(random, vary)));
                time += wait(random, mean);
            }
        }
        // Names looked up: one size, all day.
        3 => {
            let mean = 15.0 * 100f64.powf(random.f64());
            let vary = 0.05 + 0.3 * random.f64();
            let mut time = wait(random, mean);
            while time < DAY {
                events.push((time, size(random, vary)));
                time += wait(random, mean);
            }
        }
        // Messages: more by day than by night, in bursts.
        4 => {
            let mean = 60.0 * 20f64.powf(random.f64());
            let mut time = wait(random, mean);
            while time < DAY {
                let by_day = (8.0..23.0).contains(&(time / 3600.0));
                if by_day || random.usize(0..10) == 0 {
                    let mut at = time;
                    for _ in 0..random.usize(1..5) {
                        events.push((at, size(random, 0.6)));
                        at += 6.0 + wait(random, 20.0);
                    }
                }
                time += wait(random, mean);
            }
        }
        // A few times, at any time.
        5 => {
            for _ in 0..random.usize(1..14) {
                events.push((DAY * random.f64(), size(random, 1.0)));
            }
        }
        // A film: a piece every ten seconds, for an hour or two.
        6 => {
            for _ in 0..random.usize(1..4) {
                let mut time = (17.0 + 5.0 * random.f64()) * 3600.0;
                for _ in 0..random.usize(60..600) {
                    events.push((time, 1e6 * size(random, 0.3) / middle.exp()));
                    time += 10.0 + 0.5 * normal(random);
                }
            }
        }
        // Work: a tool used in stretches, with thinking in between.
        7 => {
            let mut time = (7.5 + 2.0 * random.f64()) * 3600.0;
            while time < 18.0 * 3600.0 {
                for _ in 0..random.usize(1..20) {
                    events.push((time, size(random, 0.8)));
                    time += 5.0 + wait(random, 40.0);
                }
                time += wait(random, 1800.0);
            }
        }
        // Mail that is looked at when somebody thinks of it: sizes alike, times not.
        _ => {
            let mut time = 7.0 * 3600.0 + wait(random, 1200.0);
            while time < 23.0 * 3600.0 {
                events.push((time, size(random, 0.2)));
                time += 120.0 + (6.5 + 0.9 * normal(random)).exp();
            }
        }
    }
    events
}
