//! Examines a machine, and lists what is wrong with it and the cure.

use std::path::Path;

use admin::doctor::{Check, Machine, Verdict, examine};
use settings::Environment;

/// The faults of the machine that lies below `root`, a line each.
pub(crate) fn faults(root: &Path, environment: &Environment, now: i64) -> Vec<String> {
    let checks = examine(None, &[], &Machine::this(root), environment, now);
    let is_fault = |check: &&Check| check.verdict == Verdict::Fault;
    let line = |check: &Check| {
        let cure = check.cure.as_deref().unwrap_or("no cure is known");
        format!("{}: {} ({cure})", check.topic, check.said)
    };
    checks.iter().filter(is_fault).map(line).collect()
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() {
    let environment = Environment::of_this_process();
    let now = jiff::Timestamp::now().as_second();
    for line in faults(Path::new("/"), &environment, now) {
        println!("{line}");
    }
}
