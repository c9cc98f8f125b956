//! The example of this crate makes an archive that holds what was packed.

use std::fs;

use jiff::civil::date;

#[expect(dead_code, reason = "its `main` packs a made-up log")]
#[path = "../examples/pack.rs"]
mod pack;

#[test]
fn a_log_is_packed_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("a.log");
    fs::write(&log, "Refreshing:\n<NO TRAFFIC>\n\n").unwrap();
    let archives = folder.path().join("archive");
    fs::create_dir(&archives).unwrap();
    let faults = pack::pack(&log, "web1", date(2026, 11, 22), &archives).unwrap();
    assert_eq!(faults, []);
    assert!(log.exists());
    let found = archive::find(&archives).unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].day, date(2026, 11, 22));
}
