//! The example of this crate judges a machine.

#[expect(dead_code, reason = "its `main` looks at the machine that runs it")]
#[path = "../examples/check_machine.rs"]
mod check_machine;

use collector::Machine;

#[test]
fn a_machine_without_bandwhich_is_given_the_cure() {
    let lines = check_machine::judge(&Machine::default());
    assert!(
        lines[0].contains("bandwhich") && lines[0].contains("Cure: "),
        "{lines:?}"
    );
}
