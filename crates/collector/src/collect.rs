//! How a collector begins and ends. [`session`](crate::session) is what lies between.

use crate::plan::{CollectError, Ending, Event, Plan, hold};
use crate::session::Session;
use crate::state::State;

/// Keeps bandwhich running until a signal asks to stop (see [`files::interrupted`]); `tell` hears what
/// happens. Systemd is told where it asks for it, and [`State`] for whoever asks later.
///
/// # Errors
/// If another collector writes into the folder, or bandwhich cannot be started at all. What goes
/// wrong later is told and tried again, with growing pauses.
pub fn collect(plan: &Plan, tell: &mut dyn FnMut(Event)) -> Result<Ending, CollectError> {
    let held = hold(plan)?;
    // What a collector left that was killed while it wrote its state.
    let _ = files::sweep_temporaries(&plan.folder);
    let ending = Session::new(plan, held, tell).run()?;
    // Not after an error: the folder may be another collector's by now.
    State::remove(&plan.folder);
    Ok(ending)
}
