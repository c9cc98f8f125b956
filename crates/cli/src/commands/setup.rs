//! `setup`: folders, settings and services, so that reports come by themselves.

use std::io::Write;

use admin::setup::{SetupScope, Target, carry_out, plan, require_rights};
use settings::Environment;

use crate::args::SetupArgs;
use crate::failure::Failure;

/// Plans what is missing, does it unless that is only to be shown, and says each step and what is
/// left to do.
///
/// # Errors
/// If this program cannot be what services run, or a step fails; those before it stay.
pub fn run(
    args: &SetupArgs,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let scope = if args.system {
        SetupScope::System
    } else {
        SetupScope::User
    };
    let target = Target::of_this_program(scope, args.root.as_deref())?;
    let plan = plan(&target, environment)?;
    if !args.dry_run {
        require_rights(&plan, &target)?;
    }
    for step in &plan.steps {
        if !args.dry_run {
            carry_out(step, &target)?;
        }
        let (word, note) = step.words(args.dry_run);
        let path = display::printable(&step.shown()).into_owned();
        writeln!(out, "{word:<9} {path}{note}")?;
    }
    writeln!(out, "\nNext:")?;
    for line in &plan.next {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
