//! Hides anomalies in histories of eight weeks, looks for them, and prints what was found: the table
//! of `docs/analysis.md`.
//!
//! `score [FIRST_SEED [HISTORIES]]`

#![expect(clippy::print_stdout, reason = "it prints a table")]
#![expect(clippy::disallowed_methods, reason = "seeds are arguments")]

#[path = "../tests/histories/mod.rs"]
mod histories;
#[path = "../tests/histories/score.rs"]
mod score;

use analysis::{Subject, Thresholds, trend};
use histories::{DAYS, Plan, What, make, start_of_day};
use score::{Score, day_by_day};

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
    let quiet = (first..first + count).filter(|&seed| {
        let found = day_by_day(&make(seed, Plan::QUIET).history);
        found.is_empty()
    });
    println!(
        "\nQuiet histories without a finding in 35 days: {} of {count}.",
        quiet.count()
    );
    let growths = [-0.004, 0.0, 0.004, 0.01];
    let (mut all, mut sign, mut within) = (0, 0, 0);
    for seed in first..first + count {
        for growth in growths {
            let made = make(
                seed,
                Plan {
                    growth,
                    ..Plan::QUIET
                },
            );
            let report = trend(
                &made.history,
                start_of_day(DAYS - 7)..start_of_day(DAYS),
                None,
                &Thresholds::default(),
            );
            for line in report
                .lines
                .iter()
                .filter(|line| line.subject == Subject::Total)
            {
                let slope = line.slope.expect("eight weeks have a slope");
                let truth = made.slopes[usize::from(line.direction == analysis::Direction::Down)];
                all += 1;
                let is_told = slope.p <= 0.05;
                let told = if is_told { slope.per_day.signum() } else { 0.0 };
                sign += usize::from(
                    told == 0.0 && growth == 0.0 || growth != 0.0 && told == growth.signum(),
                );
                let is_within = slope.low <= truth && truth <= slope.high;
                within += usize::from(is_within);
                if std::env::var_os("SHOW").is_some() && !is_within {
                    println!("    {seed} {growth} {truth:.0} {slope:?}");
                }
            }
        }
    }
    println!(
        "\nTrends: sign right in {sign} of {all}, truth within the 95 % interval in {within} of {all}."
    );
}
