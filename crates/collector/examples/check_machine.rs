//! Judges a machine: what would make bandwhich's log incomplete or wrong there, and the cure.

use collector::{Machine, findings};

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() {
    let path = std::env::var_os("PATH");
    let machine = Machine::look("bandwhich".as_ref(), path.as_deref());
    for line in judge(&machine) {
        println!("{line}");
    }
}

/// A line for each thing that was looked at.
pub(crate) fn judge(machine: &Machine) -> Vec<String> {
    let line = |finding: collector::Finding| match finding.cure {
        Some(cure) => format!("{:?}: {} Cure: {cure}", finding.verdict, finding.found),
        None => format!("{:?}: {}", finding.verdict, finding.found),
    };
    findings(machine).into_iter().map(line).collect()
}
