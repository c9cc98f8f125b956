//! Histories of eight weeks that a seed makes, with what was hidden in them.

pub(crate) mod talks;

use analysis::{Direction, History, Hour, Series, Subject};

/// Days of a history: eight weeks from a Monday.
pub(crate) const DAYS: usize = 56;
/// First second: 2026-01-05, a Monday.
const START: i64 = 1_767_571_200;
/// Days since 1970 of the first.
const FIRST_DAY: i32 = 20_458;
/// The first day on which something is hidden, and on which findings count.
pub(crate) const FIRST_JUDGED: usize = 21;

/// What was hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// More bytes than usual in some hours; the factor of the host's usual bytes, or of its largest hour
    /// where traffic comes in bursts.
    Spike(u32),
    /// A process doubles for good.
    Shift,
    /// A process stops for good.
    Death,
}

/// Something hidden, and when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hidden {
    pub(crate) what: What,
    /// Which way; a death is both.
    pub(crate) direction: Option<Direction>,
    /// First and last hour of it, by number.
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// A history and what is in it.
pub(crate) struct Made {
    pub(crate) history: History,
    pub(crate) hidden: Vec<Hidden>,
    /// Bytes a day that the whole host gains each day, sent and received, for most weekdays.
    pub(crate) slopes: [f64; 2],
}

/// What to make.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) spikes: bool,
    pub(crate) shift: bool,
    pub(crate) death: bool,
    pub(crate) gaps: bool,
    /// Whether one hour of seven has many times the bytes of the others, and all vary much.
    pub(crate) bursts: bool,
    /// Part of the first day that each day gains.
    pub(crate) growth: f64,
}

impl Plan {
    /// Nothing unusual.
    pub(crate) const QUIET: Plan = Plan {
        spikes: false,
        shift: false,
        death: false,
        gaps: true,
        bursts: false,
        growth: 0.0,
    };
}

struct Process {
    name: String,
    shape: usize,
    /// Bytes an hour at full load, sent and received.
    level: [f64; 2],
    noise: f64,
}

/// Part of the full load at an hour.
fn load(shape: usize, weekday: usize, hour: usize) -> f64 {
    let office = match (weekday, hour) {
        (5.., _) => 0.12,
        (_, 8..=17) => 1.0,
        (_, 7 | 18 | 19) => 0.5,
        _ => 0.1,
    };
    let server = 0.55 + 0.45 * (std::f64::consts::TAU * (hour as f64 - 8.0) / 24.0).sin();
    match shape {
        0 => office,
        1 => server * if weekday >= 5 { 0.8 } else { 1.0 },
        2 => 1.0,
        // A backup at two.
        _ => f64::from(u8::from(hour == 2)),
    }
}

/// A normal value.
fn normal(random: &mut fastrand::Rng) -> f64 {
    let (one, two) = (random.f64().max(1e-12), random.f64());
    (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * two).cos()
}

/// Makes a history.
pub(crate) fn make(seed: u64, plan: Plan) -> Made {
    let random = &mut fastrand::Rng::with_seed(seed);
    let hours = DAYS * 24;
    let processes: Vec<Process> = (0..8)
        .map(|number| {
            let shape = match number {
                7 if random.bool() => 3,
                _ => random.usize(0..3),
            };
            let level = 10f64.powf(7.0 + 2.0 * random.f64()) / (1.0 + number as f64);
            Process {
                name: format!("process{number}"),
                shape,
                level: [level * (0.1 + 0.9 * random.f64()), level],
                noise: 0.12 + 0.13 * random.f64(),
            }
        })
        .collect();
    let mut bytes: Vec<[Vec<f64>; 2]> = vec![[Vec::new(), Vec::new()]; processes.len()];
    for (process, bytes) in processes.iter().zip(&mut bytes) {
        for hour in 0..hours {
            let (day, of_day) = (hour / 24, hour % 24);
            let grown = 1.0 + plan.growth * day as f64;
            let load = load(process.shape, day % 7, of_day) * grown;
            // What disturbs an hour disturbs both directions, each once more by itself.
            let common = process.noise * normal(random);
            for (level, bytes) in process.level.iter().zip(bytes.iter_mut()) {
                let noise = common + 0.3 * process.noise * normal(random);
                bytes.push(level * load * noise.exp());
            }
        }
    }
    if plan.bursts {
        for hour in 0..hours {
            let burst = match random.usize(0..7) {
                0 => 20.0 * 3f64.powf(random.f64()),
                _ => 1.0,
            };
            let factor = burst * normal(random).exp();
            for bytes in bytes.iter_mut().flatten() {
                bytes[hour] *= factor;
            }
        }
    }
    let usual: Vec<[f64; 2]> = (0..hours)
        .map(|hour| {
            let (day, of_day) = (hour / 24, hour % 24);
            let of = |way: usize| {
                let of = |one: &Process| one.level[way] * load(one.shape, day % 7, of_day);
                processes.iter().map(of).sum::<f64>() * (1.0 + plan.growth * day as f64)
            };
            [of(0), of(1)]
        })
        .collect();
    let hidden = hide(&plan, &processes, &usual, &mut bytes, random);
    let observed = observe(&plan, &hidden, random);
    let slopes = [0, 1].map(|way| {
        let mut days: Vec<f64> = (0..7)
            .map(|day| {
                (0..24).map(|hour| usual[day * 24 + hour][way]).sum::<f64>() * plan.growth
                    / (1.0 + plan.growth * day as f64)
            })
            .collect();
        days.sort_unstable_by(f64::total_cmp);
        days[3]
    });
    let history = History {
        host: format!("host{seed}"),
        hours: (0..hours)
            .map(|hour| hour_of(hour, observed[hour]))
            .collect(),
        series: series(&processes, &bytes, &observed, random),
        since: Some(START),
        ..History::default()
    };
    Made {
        history,
        hidden,
        slopes,
    }
}

fn hour_of(hour: usize, observed: u32) -> Hour {
    let day = hour / 24;
    Hour {
        start: START + hour as i64 * 3600,
        observed,
        day: FIRST_DAY + day as i32,
        weekday: (day % 7) as u8,
        hour: (hour % 24) as u8,
    }
}

/// The first second of a day.
pub(crate) fn start_of_day(day: usize) -> i64 {
    START + day as i64 * 86_400
}

fn hide(
    plan: &Plan,
    processes: &[Process],
    usual: &[[f64; 2]],
    bytes: &mut [[Vec<f64>; 2]],
    random: &mut fastrand::Rng,
) -> Vec<Hidden> {
    let mut hidden = Vec::new();
    if plan.spikes {
        // A day in a week each, so that none hides another.
        for week in 3..8 {
            let day = week * 7 + random.usize(0..7);
            let way = random.usize(0..2);
            let is_short = random.bool();
            let length = if plan.bursts {
                1
            } else if is_short {
                random.usize(1..=2)
            } else {
                random.usize(4..=9)
            };
            let times = if random.bool() { 3 } else { 10 };
            let first = day * 24 + random.usize(0..24 - length);
            let who = random.usize(0..processes.len());
            for hour in first..first + length {
                let of_host = |hour: usize| bytes.iter().map(|of| of[way][hour]).sum::<f64>();
                let more = if plan.bursts {
                    (0..usual.len()).map(of_host).fold(0.0, f64::max) * f64::from(times)
                } else {
                    usual[hour][way] * (f64::from(times) - 1.0)
                };
                bytes[who][way][hour] += more;
            }
            hidden.push(Hidden {
                what: What::Spike(times),
                direction: Some([Direction::Up, Direction::Down][way]),
                first,
                last: first + length - 1,
            });
        }
    }
    let largest = |way: usize, shapes: &[usize]| {
        let among = (0..processes.len()).filter(|one| shapes.contains(&processes[*one].shape));
        among.max_by(|one, other| {
            processes[*one].level[way].total_cmp(&processes[*other].level[way])
        })
    };
    if plan.shift
        && let Some(who) = largest(1, &[0, 1, 2])
    {
        let first = (28 + random.usize(0..14)) * 24;
        for hour in first..bytes[who][1].len() {
            bytes[who][1][hour] *= 2.5;
        }
        hidden.push(Hidden {
            what: What::Shift,
            direction: Some(Direction::Down),
            first,
            last: first + 71,
        });
    }
    if plan.death
        && let Some(who) = largest(1, &[1, 2])
    {
        let first = (28 + random.usize(0..14)) * 24 + random.usize(0..24);
        for bytes in &mut bytes[who] {
            bytes[first..].fill(0.0);
        }
        hidden.push(Hidden {
            what: What::Death,
            direction: None,
            first,
            last: first + 7 * 24,
        });
    }
    hidden
}

/// Seconds observed of each hour: all but some gaps and restarts, which spare what was hidden.
fn observe(plan: &Plan, hidden: &[Hidden], random: &mut fastrand::Rng) -> Vec<u32> {
    let mut observed = vec![3600; DAYS * 24];
    if !plan.gaps {
        return observed;
    }
    for _ in 0..random.usize(0..4) {
        let first = random.usize(0..DAYS * 24 - 40);
        let length = random.usize(1..36);
        observed[first..first + length].fill(0);
    }
    for _ in 0..random.usize(0..20) {
        observed[random.usize(0..DAYS * 24)] = random.u32(300..3600);
    }
    for one in hidden {
        let last = one.last.min(observed.len() - 1);
        observed[one.first..=last].fill(3600);
    }
    observed
}

fn series(
    processes: &[Process],
    bytes: &[[Vec<f64>; 2]],
    observed: &[u32],
    random: &mut fastrand::Rng,
) -> Vec<Series> {
    let seen = |values: &[f64]| -> Vec<u64> {
        let part = |hour: usize| f64::from(observed[hour]) / 3600.0;
        values
            .iter()
            .enumerate()
            .map(|(hour, value)| (value * part(hour)) as u64)
            .collect()
    };
    let sum = |of: &[usize], way: usize| -> Vec<f64> {
        (0..observed.len())
            .map(|hour| of.iter().map(|one| bytes[*one][way][hour]).sum())
            .collect()
    };
    let make = |subject, of: &[usize]| Series {
        subject,
        up: seen(&sum(of, 0)),
        down: seen(&sum(of, 1)),
    };
    let all: Vec<usize> = (0..processes.len()).collect();
    let mut series = vec![make(Subject::Total, &all)];
    for (number, process) in processes.iter().enumerate() {
        series.push(make(Subject::Process(process.name.clone()), &[number]));
    }
    // Peers and ports share the processes among them in other ways.
    let deal = |count: usize, random: &mut fastrand::Rng| {
        let mut dealt = vec![Vec::new(); count];
        for process in &all {
            dealt[random.usize(0..count)].push(*process);
        }
        dealt
    };
    for (number, of) in deal(6, random).iter().enumerate() {
        series.push(make(Subject::Remote(format!("198.51.100.{number}")), of));
    }
    for (number, of) in deal(3, random).iter().enumerate() {
        series.push(make(Subject::Port(format!("tcp/{}", 443 + number)), of));
    }
    series
}
