//! Hides anomalies, trends, beacons and backups in histories, looks for them, and prints what was
//! found: the tables of `docs/analysis.md`.
//!
//! `score [FIRST_SEED [HISTORIES]]`

#![expect(clippy::print_stdout, reason = "it prints a table")]
#![expect(clippy::disallowed_methods, reason = "seeds are arguments")]

#[path = "../tests/histories/mod.rs"]
mod histories;
#[path = "../tests/histories/score.rs"]
mod score;

use histories::{Plan, What, make};
use score::{Backups, Beacons, Score, Trends, day_by_day, first_days};

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse::<u64>().ok());
    let first = arguments.next().unwrap_or(1000);
    let count = arguments.next().unwrap_or(40);
    println!("| histories of 8 weeks | hidden | found | findings | right | recall | precision |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    let plans = [
        (
            "spikes",
            Plan {
                spikes: true,
                ..Plan::QUIET
            },
        ),
        (
            "spikes, growth of 1 % a day",
            Plan {
                spikes: true,
                growth: 0.01,
                ..Plan::QUIET
            },
        ),
        (
            "spikes of hosts with bursts",
            Plan {
                spikes: true,
                bursts: true,
                ..Plan::QUIET
            },
        ),
        (
            "level shifts",
            Plan {
                shift: true,
                ..Plan::QUIET
            },
        ),
        (
            "processes that die",
            Plan {
                death: true,
                ..Plan::QUIET
            },
        ),
    ];
    let mut by_size = [
        ("3 times the usual", 3, Score::default()),
        ("10 times", 10, Score::default()),
    ];
    for (name, plan) in plans {
        let mut score = Score::default();
        for seed in first..first + count {
            let made = make(seed, plan);
            let found = day_by_day(&made.history);
            score.add(&made, &found, |_| true);
            if plan.bursts {
                continue;
            }
            for (_, times, score) in &mut by_size {
                score.add(&made, &found, |what| what == What::Spike(*times));
            }
        }
        println!(
            "| {name}, {count} | {} | {} | {} | {} | {:.3} | {:.3} |",
            score.hidden,
            score.met,
            score.findings,
            score.right,
            score.recall(),
            score.precision()
        );
    }
    for (name, _, score) in by_size {
        println!(
            "| spikes of {name} | {} | {} | | | {:.3} | |",
            score.hidden,
            score.met,
            score.recall()
        );
    }
    println!(
        "\n| days of history | spikes of 10 times | found | findings | right | recall | precision |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for past in 3..=6 {
        let mut score = Score::default();
        for seed in first..first + count {
            first_days(seed, past, &mut score);
        }
        println!(
            "| {past} | {} | {} | {} | {} | {:.3} | {:.3} |",
            score.hidden,
            score.met,
            score.findings,
            score.right,
            score.recall(),
            score.precision()
        );
    }
    let quiet = |bursts: bool| {
        let plan = Plan {
            bursts,
            ..Plan::QUIET
        };
        let is_quiet = |seed: &u64| day_by_day(&make(*seed, plan).history).is_empty();
        (first..first + count).filter(is_quiet).count()
    };
    println!(
        "\nQuiet histories without a finding in 35 days: {} of {count}; of hosts with bursts {} of {count}.",
        quiet(false),
        quiet(true)
    );
    let mut trends = Trends::default();
    for seed in first..first + count {
        for growth in [-0.004, 0.0, 0.004, 0.01] {
            trends.add(seed, growth);
        }
    }
    println!(
        "\nTrends: sign right in {} of {}, truth within the 95 % interval in {}.",
        trends.sign, trends.all, trends.within
    );
    println!(
        "\n| beacons | hidden | found | with their period | ordinary peers | mistaken | of 1,000 |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for percent in [0, 5, 10, 20, 30, 50] {
        let mut beacons = Beacons::default();
        for seed in first..first + count {
            beacons.add(seed, f64::from(percent) / 100.0, 99);
        }
        println!(
            "| jitter {percent} % | {} | {} ({:.3}) | {} | {} | {} | {:.2} |",
            beacons.hidden,
            beacons.met,
            beacons.met as f64 / beacons.hidden as f64,
            beacons.timed,
            beacons.ordinary,
            beacons.mistaken,
            beacons.per_thousand()
        );
    }
    let mut backups = Backups::default();
    for seed in first..first + count {
        backups.add(seed, 45);
    }
    println!(
        "\nNightly backups: {} of {} found; {} of {} ordinary peers mistaken for one.",
        backups.met, backups.hidden, backups.mistaken, backups.ordinary
    );
}
