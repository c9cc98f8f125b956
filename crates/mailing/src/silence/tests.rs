use super::*;
use crate::tests::{DAY_SECONDS, NOW, START, settings};

#[test]
fn a_host_is_silent_after_a_whole_day_without_logs_and_forgotten_after_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), "");
    let last = |host: &str, last_seen| HostLastSeen {
        host: host.to_owned(),
        last_seen,
    };
    let hosts = [
        last("logged yesterday", START),
        last("stopped the evening before", START - 1),
        last("stopped a week ago", START - 8 * DAY_SECONDS + 1),
        last("was retired", START - 8 * DAY_SECONDS),
    ];
    let found: Vec<(&str, String)> = silent(&hosts, &settings, NOW)
        .map(|(seen, since)| (seen.host.as_str(), since))
        .collect();
    let expected = [
        ("stopped the evening before", "2026-11-21 23:59".to_owned()),
        ("stopped a week ago", "2026-11-14 00:00".to_owned()),
    ];
    assert_eq!(found, expected);
}
