//! `setup`: folders, settings and services, so that reports come by themselves.
//!
//! `setup/plan.rs` decides what is missing, `setup/work.rs` does it, `setup/units.rs` holds the
//! services. What is there is left as it is, so a second run does nothing.

mod plan;
mod target;
mod units;
mod work;

use std::io::Write;
use std::path::PathBuf;

use crate::args::SetupArgs;
use crate::failure::Failure;
use settings::Environment;

pub use plan::{Plan, Step};
pub use target::{Scope, Target};
pub use units::{UNITS, folder as unit_folder, has_systemd};

/// Plans what is missing, does it unless that is only to be shown, and says each step and what is
/// left to do.
///
/// # Errors
/// Where this program cannot be what services run, or a step fails; those before it stay.
pub fn run(
    args: &SetupArgs,
    environment: &Environment,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let target = Target {
        scope: match args.system {
            true => Scope::System,
            false => Scope::User,
        },
        root: match &args.root {
            Some(root) => std::path::absolute(root)?,
            None => PathBuf::from("/"),
        },
        program: std::env::current_exe().and_then(|path| path.canonicalize())?,
    };
    let plan = plan::plan(&target, environment)?;
    for step in &plan.steps {
        if !args.dry_run {
            work::carry_out(step, &target)?;
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
