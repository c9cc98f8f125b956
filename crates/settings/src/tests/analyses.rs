//! The section `analysis`.

use super::*;

#[test]
fn analyses_are_set_and_what_is_wrong_is_named() {
    let settings = settle(
        "analysis: {min_ratio: 3, min_bytes: 5MB, new_remote_bytes: 2MB, in_reports: no, committed_bps: 1250kB, mutes: \
         [process:rsync, remote:2001:db8::1 until 2026-12-31]}",
    )
    .unwrap();
    let analysis = &settings.analysis;
    assert!(!analysis.in_reports);
    assert_eq!(analysis.thresholds.min_ratio.to_bits(), 3f64.to_bits());
    assert_eq!(analysis.thresholds.min_bytes, 5_000_000);
    assert_eq!(analysis.thresholds.new_remote_bytes, 2_000_000);
    assert_eq!(analysis.thresholds.committed_bps, Some(1_250_000));
    let mutes: Vec<String> = analysis.mutes.iter().map(ToString::to_string).collect();
    assert_eq!(
        mutes,
        ["process:rsync", "remote:2001:db8::1 until 2026-12-31"]
    );
    let again = settle(&settings.to_yaml()).unwrap();
    assert_eq!(again.analysis, settings.analysis);
    let defaults = settle("").unwrap().analysis;
    assert_eq!(defaults, settle(DEFAULT_FILE).unwrap().analysis);
    assert_eq!(defaults.thresholds, ::analysis::Thresholds::default());
    for (text, expected) in [
        (
            "analysis: {min_byte: 5MB}",
            "settings.yaml:1:12: analysis.min_byte: unknown key; did you mean min_bytes?",
        ),
        (
            "analysis: {max_p: 2}",
            "settings.yaml:1:19: analysis.max_p: \"2\" is not a number from 0 to 1, such as 0.5",
        ),
        (
            "analysis: {mutes: [rsync]}",
            "settings.yaml:1:20: analysis.mutes: \"rsync\" names nothing that can be muted; write a \
             finding's id, process:NAME, remote:NAME, port:tcp/443 or host:NAME",
        ),
    ] {
        assert_error(text, expected);
    }
}
