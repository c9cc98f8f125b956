use std::fs;

use super::*;
use crate::tests::{Lab, NOW};

/// Watches a run that ends like this.
fn watch(lab: &Lab, ended: Result<RunOutcome, (RunOutcome, String)>) {
    let outcome_of = |failure: &Failure| failure.0.0;
    let work = || ended.map_err(Failure);
    let _ = watched("report", Pings::None, &lab.settings, NOW, outcome_of, work);
}

struct Failure((RunOutcome, String));

impl Display for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0.1)
    }
}

/// A machine with a store.
fn lab(more: &str) -> Lab {
    let lab = Lab::new(more);
    fs::create_dir(lab.path("store")).unwrap();
    lab
}

fn last(lab: &Lab) -> Option<LastRun> {
    LastRun::read(&lab.settings.paths.store_dir)
}

#[test]
fn a_run_is_recorded_as_it_ended() {
    let lab = lab("");
    watch(&lab, Ok(RunOutcome::Attention));
    let run = last(&lab).unwrap();
    assert_eq!(
        (run.command.as_str(), run.started, run.exit_code),
        ("report", NOW, 3)
    );
    assert_eq!(run.error, None);
    assert!(run.last_success.unwrap() >= NOW);
}

#[test]
fn a_failure_remembers_the_last_success() {
    let lab = lab("");
    watch(&lab, Ok(RunOutcome::Done));
    let success = last(&lab).unwrap().last_success;
    watch(&lab, Err((RunOutcome::Failed, "x".repeat(5_000))));
    let run = last(&lab).unwrap();
    assert_eq!((run.exit_code, run.last_success), (1, success));
    assert_eq!(run.error.unwrap().len(), LONGEST);
}

#[test]
fn a_run_that_found_the_store_locked_is_not_recorded() {
    let lab = lab("metrics: {textfile: monitor.prom}\n");
    watch(&lab, Ok(RunOutcome::Done));
    let before = last(&lab);
    fs::remove_file(lab.path("monitor.prom")).unwrap();
    watch(
        &lab,
        Err((RunOutcome::Held, "another run is at work".to_owned())),
    );
    assert_eq!(last(&lab), before);
    assert!(!lab.path("monitor.prom").exists());
}

#[test]
fn recording_makes_no_store_and_writes_metrics_all_the_same() {
    let lab = Lab::new("metrics: {textfile: monitor.prom}\n");
    watch(
        &lab,
        Err((RunOutcome::Interrupted { signal: 15 }, "stopped".to_owned())),
    );
    assert!(!lab.path("store").exists());
    let metrics = fs::read_to_string(lab.path("monitor.prom")).unwrap();
    assert!(
        metrics.contains("network_monitor_last_run_exit_code 143\n"),
        "{metrics}"
    );
}
