//! Killed anywhere, or refused by the disk: the next run ends where an undisturbed one does.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use crate::containers::gzip;
use crate::injector::{ERRORS, Strike};
use crate::lab::{Lab, Ran, recording};
use crate::machine::Machine;
use crate::state::State;

/// Of so many strikes, the lab lives on to the last step after one.
const LIVES_ON: usize = 5;

/// Threads that try calls at the same time.
const THREADS: usize = 2;

const GROWING: &str = "bandwhich_20201122_0914.log";
const RUNS: &str = "bandwhich_20201121_0854.log";
const IDLE: &str = "bandwhich_20201122_0919.log";

/// A step in the life of a lab: what happens to its logs, and then the command.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) change: fn(&Lab),
    pub(crate) command: &'static [&'static str],
}

/// The life of a lab, and what it is without trouble.
pub(crate) struct Life {
    steps: &'static [Step],
    undisturbed: LazyLock<Undisturbed>,
}

/// A machine day by day.
static DAILY: Life = Life {
    steps: &STEPS,
    undisturbed: LazyLock::new(|| Undisturbed::of(&STEPS)),
};

const STEPS: [Step; 5] = [
    Step {
        name: "first report, of two days, archived and mailed",
        change: |lab| {
            let log = recording(GROWING);
            lab.put(GROWING, &log[..log.len() / 2]);
            lab.put(RUNS, &recording(RUNS));
        },
        command: &["report"],
    },
    Step {
        name: "a log grew, another is new; a period",
        change: |lab| {
            lab.put(GROWING, &recording(GROWING));
            lab.put(IDLE, &recording(IDLE));
        },
        command: &["report", "--date", "2020-11-21..2020-11-22"],
    },
    Step {
        name: "a compressed copy and half a log, ingested",
        change: |lab| {
            let log = recording("bandwhich_20201122_0843.log");
            lab.put("copy.log.gz", &gzip(&recording(RUNS)));
            lab.put("half.log", &log[..log.len() / 3]);
        },
        command: &["ingest"],
    },
    Step {
        name: "reports written anew, a log joins an archive",
        change: |_| {},
        // A letter asked for anew would be a new letter.
        command: &["report", "--force", "--no-email"],
    },
    Step {
        name: "the catalogue made anew",
        change: |_| {},
        command: &["store", "rebuild"],
    },
];

/// The life without trouble: the state after each step, and the calls of each.
pub(crate) struct Undisturbed {
    states: Vec<State>,
    calls: Vec<usize>,
}

impl Undisturbed {
    pub(crate) fn of(steps: &[Step]) -> Self {
        let lab = Machine::new();
        let (mut states, mut calls) = (Vec::new(), Vec::new());
        for step in steps {
            (step.change)(&lab);
            let struck = lab.struck(step.command, Strike::Count);
            assert_eq!(struck.ran.code, 0, "{}: {:?}", step.name, struck.ran);
            calls.push(struck.calls);
            eprintln!("{} calls: {}", struck.calls, step.name);
            states.push(lab.state());
        }
        Undisturbed { states, calls }
    }
}

/// Copies of letters that came twice.
static TWICE: AtomicUsize = AtomicUsize::new(0);

/// A lab that lived undisturbed before this step.
fn lab_before(life: &Life, step: usize) -> Machine {
    let lab = Machine::new();
    for step in &life.steps[..step] {
        (step.change)(&lab);
        lab.run(step.command).done();
    }
    (life.steps[step].change)(&lab);
    lab
}

/// Does a step once more, and for some calls all that comes after it: all must be as if nothing had
/// happened. A letter may have come twice only if the outbox could not know that it came at all.
fn heal(life: &Life, lab: &Machine, step: usize, call: usize) -> Result<(), String> {
    let delivered = lab.delivered();
    let steps = if call.is_multiple_of(LIVES_ON) {
        life.steps.len()
    } else {
        1
    };
    for (number, later) in life.steps.iter().enumerate().skip(step).take(steps) {
        if number > step {
            (later.change)(lab);
        }
        let ran = lab.run(later.command);
        if ran.code != 0 {
            return Err(format!("{} fails afterwards: {ran:?}", later.name));
        }
        // What comes between is only another way to the end.
        if number > step && number + 1 < life.steps.len() {
            continue;
        }
        let differences = differences(&lab.state(), &life.undisturbed.states[number]);
        if !differences.is_empty() {
            return Err(format!("after {}: {}", later.name, differences.join("\n")));
        }
    }
    let letters = lab.letters();
    for id in &letters {
        let copies = letters.iter().filter(|letter| *letter == id).count();
        if copies > 2 || (copies == 2 && delivered.contains(id)) {
            return Err(format!("{copies} copies of {id}"));
        }
        if copies == 2 {
            TWICE.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

fn differences(found: &State, expected: &State) -> Vec<String> {
    let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
    names
        .into_iter()
        .filter(|name| found.get(*name) != expected.get(*name))
        .map(|name| {
            format!(
                "{name}: {:?}, not {:?}",
                found.get(name),
                expected.get(name)
            )
        })
        .collect()
}

/// Which of all calls are struck at: each `stride`-th, from the one with the number `first` on.
#[derive(Clone, Copy)]
pub(crate) struct Sample {
    first: usize,
    stride: usize,
}

/// Calls spread evenly over all steps.
pub(crate) const FEW: Sample = Sample {
    first: 0,
    stride: 97,
};

impl Life {
    pub(crate) const fn new(steps: &'static [Step], undisturbed: LazyLock<Undisturbed>) -> Self {
        Life { steps, undisturbed }
    }
}

impl Sample {
    /// All calls; or a part of them, where the variable `PART` says which: `2/8` is the second eighth.
    pub(crate) fn all() -> Self {
        let Ok(part) = std::env::var("PART") else {
            return Sample {
                first: 0,
                stride: 1,
            };
        };
        let (part, parts) = part.split_once('/').expect("PART is like 2/8");
        let (part, stride): (usize, usize) = (part.parse().unwrap(), parts.parse().unwrap());
        assert!((1..=stride).contains(&part), "PART is like 2/8");
        Sample {
            first: part - 1,
            stride,
        }
    }
}

/// Strikes at calls of all steps. Gives the number of calls struck at.
fn at_calls(
    life: &Life,
    sample: Sample,
    strike: impl Fn(usize, usize) -> Result<(), String> + Sync,
) -> usize {
    let calls: Vec<(usize, usize)> = (life.undisturbed.calls.iter().enumerate())
        .flat_map(|(step, calls)| (1..=*calls).map(move |call| (step, call)))
        .skip(sample.first)
        .step_by(sample.stride)
        .collect();
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((step, call)) = calls.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = strike(*step, *call) {
                        let name = life.steps[*step].name;
                        let failure = format!("{name}, call {call}: {failure}");
                        eprintln!("{failure}");
                        failures.lock().unwrap().push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n\n")
    );
    calls.len()
}

/// What a run leaves that is killed after a call is what one leaves that is killed before the next,
/// so that only the last call of a step is worth both.
pub(crate) fn kill_at(life: &Life, sample: Sample) {
    let tried = at_calls(life, sample, |step, call| {
        let mut strikes = vec![Strike::KillBefore(call)];
        if call == life.undisturbed.calls[step] {
            strikes.push(Strike::KillAfter(call));
        }
        for strike in strikes {
            let lab = lab_before(life, step);
            let logs = lab.found_logs();
            let struck = lab.struck(life.steps[step].command, strike);
            let lost = lab.lost(&logs);
            if !lost.is_empty() {
                return Err(format!("{strike:?} {} lost {lost:?}", struck.call));
            }
            if struck.ran.code != 137 {
                return Err(format!("{strike:?} did not kill: {struck:?}"));
            }
            heal(life, &lab, step, call)
                .map_err(|failure| format!("{strike:?} {}: {failure}", struck.call))?;
        }
        Ok(())
    });
    eprintln!("killed before each of {tried} calls");
    eprintln!("{} letters came twice", TWICE.load(Ordering::Relaxed) / 2);
}

pub(crate) fn refuse_at(life: &Life, sample: Sample) {
    let tried = at_calls(life, sample, |step, call| {
        let (error, words) = ERRORS[call % ERRORS.len()];
        for strike in [Strike::Fail(call, error), Strike::FailFrom(call, error)] {
            let lab = lab_before(life, step);
            let (before, logs) = (lab.files("reports"), lab.found_logs());
            let struck = lab.struck(life.steps[step].command, strike);
            let what = format!("{strike:?} {}: {:?}", struck.call, struck.ran);
            let lost = lab.lost(&logs);
            if !lost.is_empty() {
                return Err(format!("lost {lost:?}: {what}"));
            }
            if !is_told(&lab, &struck.ran, words) {
                return Err(format!("not told: {what}"));
            }
            for (name, content) in lab.files("reports") {
                let is_whole = before.get(&name) == Some(&content)
                    || life.undisturbed.states[step].get(&name) == Some(&content)
                    || name.ends_with(".tmp");
                if !is_whole {
                    return Err(format!("{name} is neither old nor new: {content}; {what}"));
                }
            }
            heal(life, &lab, step, call).map_err(|failure| format!("{what}: {failure}"))?;
        }
        Ok(())
    });
    eprintln!("refused each of {tried} calls, alone and with all later ones");
}

/// Whether a run that the disk refused something says so, and where. Where it went well
/// nevertheless, what was refused mattered to nobody.
fn is_told(lab: &Lab, ran: &Ran, words: &str) -> bool {
    let path = lab.path("");
    let folder = path.to_string_lossy();
    let said = ran.complained.to_lowercase();
    // What SQLite makes of the system's errors.
    let words = [
        words,
        "disk i/o error",
        "disk is full",
        "unable to open database file",
        "attempt to write a readonly database",
    ];
    ran.code == 0
        || ([1, 3].contains(&ran.code)
            && (ran.complained.contains(folder.trim_end_matches('/'))
                || ran.complained.contains("127.0.0.1"))
            && words.iter().any(|words| said.contains(words)))
}

#[test]
fn a_run_that_is_killed_loses_nothing() {
    kill_at(&DAILY, FEW);
}

#[test]
fn a_disk_that_refuses_loses_nothing() {
    refuse_at(&DAILY, FEW);
}

#[test]
#[ignore = "takes minutes; make test-faults"]
fn faults_killed_at_every_call() {
    kill_at(&DAILY, Sample::all());
}

#[test]
#[ignore = "takes minutes; make test-faults"]
fn faults_refused_at_every_call() {
    refuse_at(&DAILY, Sample::all());
}
