//! Which findings are muted: by the settings, and by `analysis mute`.

use analysis::{Finding, Mute};
use display::Moment;
use settings::Settings;
use store::MuteRecord;
use tracing::warn;

/// The mutes in force. Where those of the command line cannot be read, the settings' are, and it is
/// said: a report is not lost for that.
pub(crate) fn in_force(settings: &Settings) -> Vec<Mute> {
    let mut mutes = settings.analysis.mutes.clone();
    match store::mutes(&settings.paths.store_dir) {
        Ok(records) => mutes.extend(records.iter().filter_map(parsed)),
        Err(error) => warn!("muted findings are shown: {error}"),
    }
    mutes
}

/// Removes the muted findings, and counts them.
pub(crate) fn remove_muted(
    findings: &mut Vec<Finding>,
    mutes: &[Mute],
    settings: &Settings,
) -> u64 {
    let before = findings.len();
    findings.retain(|finding| {
        let last = finding.end.saturating_sub(1);
        let day = Moment::new(last, &settings.time_zone).civil().date();
        !mutes.iter().any(|mute| mute.covers(finding, day))
    });
    (before - findings.len()) as u64
}

fn parsed(record: &MuteRecord) -> Option<Mute> {
    Some(Mute {
        target: record.target.parse().ok()?,
        until: match &record.until {
            Some(day) => Some(day.parse().ok()?),
            None => None,
        },
    })
}
