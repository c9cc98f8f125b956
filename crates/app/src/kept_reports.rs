//! Reports that were written before, and that a run does not replace because the history may say less now.

use lifecycle::newer_archives;
use reporting::{DamagedPeriod, ReportPlan, is_written, written_total};
use settings::Settings;
use store::Store;
use tracing::warn;
use traffic::Period;

use crate::error::Result;
use crate::result::DroppedPeriod;

/// Says what becomes of the report of a period of which the store dropped days. One that was written
/// when the store held more is kept.
pub(crate) fn handle_dropped_days(
    plan: &mut ReportPlan,
    host: &str,
    asked: Period,
    settings: &Settings,
    force: bool,
) -> DroppedPeriod {
    let has_rest = plan.periods.contains(&asked);
    let is_kept = is_written(settings, host, &asked) && !force;
    if is_kept {
        plan.periods.retain(|period| *period != asked);
    }
    DroppedPeriod {
        host: host.to_owned(),
        first_day: asked.first.to_string(),
        last_day: asked.last.to_string(),
        consequence: match (has_rest, is_kept) {
            (false, _) => "the store no longer holds it, because of its age",
            (true, false) => "the store holds only a part of it, because of its age",
            (true, true) => {
                "the store holds only a part of it, because of its age; the report that was written \
                 before stays, unless --force is given"
            }
        },
    }
}

/// Takes reports that were written before out of a plan: the history is older than the archives, and could
/// say less than they do.
pub(crate) fn keep_written(
    plan: &mut ReportPlan,
    host: &str,
    settings: &Settings,
    damage: &mut Vec<DamagedPeriod>,
) -> Result<()> {
    keep(plan, host, settings, damage, |period| {
        Ok(is_written(settings, host, period).then(|| {
            format!(
                "the report that was written before stays, because the history may hold less; {}",
                newer_archives::CURE
            )
        }))
    })
}

/// Takes reports that another store has written, and that hold more traffic than this one does, out of a
/// plan: the store was lost, and a new one was begun from the logs that were left.
///
/// # Errors
/// If the store cannot be read.
pub(crate) fn keep_larger(
    plan: &mut ReportPlan,
    store: &Store,
    host: &str,
    settings: &Settings,
    damage: &mut Vec<DamagedPeriod>,
) -> Result<()> {
    keep(plan, host, settings, damage, |period| {
        let reason = larger_report(store, host, period, settings)?;
        Ok(reason.inspect(|reason| warn!("{}: {reason}", period.stamp())))
    })
}

/// Takes the reports for which there is a reason out of a plan; their days stay pending.
fn keep(
    plan: &mut ReportPlan,
    host: &str,
    settings: &Settings,
    damage: &mut Vec<DamagedPeriod>,
    reason_of: impl Fn(&Period) -> Result<Option<String>>,
) -> Result<()> {
    for period in std::mem::take(&mut plan.periods) {
        match reason_of(&period)? {
            None => plan.periods.push(period),
            Some(reason) => {
                plan.leave_pending(&period, &settings.time_zone);
                damage.push(DamagedPeriod::new(host, &period, reason));
            }
        }
    }
    Ok(())
}

/// Why a report that another store has written is kept. `None` if there is none, or it holds no more
/// traffic than the store does.
fn larger_report(
    store: &Store,
    host: &str,
    period: &Period,
    settings: &Settings,
) -> Result<Option<String>> {
    let Some((path, written)) = written_total(settings, host, period) else {
        return Ok(None);
    };
    // Only what this store has written is replaced unseen.
    if store.has_noted_report(&path)? {
        return Ok(None);
    }
    let resolution = settings.input.resolution_seconds();
    let loopback = settings.input.includes_loopback();
    let seconds = period.seconds(&settings.time_zone);
    let stored = match store.totals(host, seconds, resolution, loopback) {
        // Making the report names the damage.
        Err(error) if error.is_damaged_file() => return Ok(None),
        totals => totals?.map_or(0, |totals| {
            totals.volume.up.saturating_add(totals.volume.down)
        }),
    };
    Ok((stored < written).then(|| {
        format!(
            "the report that another store has written stays: it counts {} ({written} bytes), and the history \
             only {} ({stored} bytes); {}, or move {} away to have a report of what is left",
            display::bytes(written),
            display::bytes(stored),
            newer_archives::CURE,
            files::show(&path)
        )
    }))
}
