//! `setup`: folders, settings and services, so that reports come by themselves.
//!
//! `setup/plan.rs` decides what is missing, `setup/work.rs` does it, `setup/units.rs` holds the
//! services. What is there is left as it is, so a second run does nothing.

mod plan;
mod target;
mod units;
mod work;

pub use plan::{SetupPlan, Step, plan, require_rights};
pub use target::{SetupScope, Target};
pub use units::{UNITS, folder as unit_folder, has_systemd};
pub use work::carry_out;
