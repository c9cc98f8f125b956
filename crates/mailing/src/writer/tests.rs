use std::fs;

use analysis::{Finding, FindingKind, Severity};
use files::Space;
use report::Report;

use super::*;
use crate::tests::{EMAIL, NOW, day, finding, report, settings, whole};

/// The letter about a report, by more settings.
fn letter(
    more: &str,
    report: &Report,
    files: &[ReportFile],
    circumstances: &Circumstances,
) -> Letter {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), more);
    let envelope = Envelope::to_look_at(&settings.email);
    let writer = Writer::new(&settings, &envelope, NOW);
    let subject = Subject {
        report,
        period: day(),
        files,
    };
    let draft = writer.write(&subject, circumstances).unwrap();
    assert!(draft.faults.is_empty());
    draft.with_id("<1@example.org>".to_owned())
}

fn plain(report: &Report) -> Letter {
    letter(EMAIL, report, &[], &Circumstances::default())
}

#[test]
fn problems_and_quotas_are_no_findings_and_are_counted_apart() {
    let mut report = report(0..720);
    let circumstances = Circumstances {
        disk: Some(Space { free: 1, all: 100 }),
        ..Circumstances::default()
    };
    let subject = |report: &Report| letter(EMAIL, report, &[], &circumstances).subject;
    assert_eq!(
        subject(&report),
        "web1 22 Nov: 2 problems, 0 B down, 0 B up"
    );
    report.set_findings(vec![finding(FindingKind::Quota, Severity::Info)], 0, None);
    assert_eq!(
        subject(&report),
        "web1 22 Nov: 1 quota, 2 problems, 0 B down, 0 B up"
    );
    let text = letter(EMAIL, &report, &[], &circumstances).text;
    assert!(text.contains("· 1 quota, 2 problems"), "{text}");
}

#[test]
fn what_is_critical_is_marked_as_important_once() {
    let mut critical = finding(FindingKind::Spike, Severity::Critical);
    let is_urgent = |one: &Finding| {
        let mut report = whole();
        report.set_findings(vec![one.clone()], 0, None);
        plain(&report).is_urgent
    };
    assert!(is_urgent(&critical));
    critical.state = Some(analysis::FindingState::Continuing);
    assert!(!is_urgent(&critical));
    assert!(!is_urgent(&finding(FindingKind::Spike, Severity::Warning)));
}

#[test]
fn the_letter_names_every_warning() {
    let mut report = whole();
    let findings = (0..30).map(|number| Finding {
        summary: format!("miner{number} moved 3 GB"),
        ..finding(FindingKind::Spike, Severity::Warning)
    });
    report.set_findings(findings.collect(), 0, None);
    let letter = plain(&report);
    for text in [&letter.text, &letter.html] {
        assert!(
            (0..30).all(|number| text.contains(&format!("miner{number} moved"))),
            "{text}"
        );
    }
}

#[test]
fn a_hostile_host_acts_on_no_mail_program() {
    let mut report = whole();
    report.host = "web1\r\nBcc: eve@example.org <script>".to_owned();
    let letter = plain(&report);
    assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
    assert!(!letter.html.contains("<script>"), "{}", letter.html);
}

#[test]
fn a_report_that_is_not_over_has_a_key_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), EMAIL);
    let envelope = Envelope::of(&settings.email).unwrap();
    let writer = Writer::new(&settings, &envelope, NOW);
    let mut report = whole();
    let over = writer.key(&report, day());
    assert_eq!(over, writer.key(&whole(), day()));
    report.period.partial = true;
    assert_ne!(over, writer.key(&report, day()));
    assert!(plain(&report).subject.contains("22 Nov, so far: "));
}

/// Files of a report of these sizes, in millions of bytes.
fn files(folder: &std::path::Path, sizes: &[(&str, usize)]) -> Vec<ReportFile> {
    sizes
        .iter()
        .map(|(name, millions)| {
            let path = folder.join(name);
            fs::write(&path, vec![b'x'; millions * 1_000_000]).unwrap();
            ReportFile {
                shown: std::path::Path::new("/reports").join(name),
                path,
                bytes: *millions as u64 * 1_000_000,
            }
        })
        .collect()
}

fn attached(more: &str, files: &[ReportFile]) -> (Vec<String>, String) {
    let letter = letter(more, &whole(), files, &Circumstances::default());
    let names = letter.attachments.into_iter().map(|one| one.name);
    (names.collect(), letter.text)
}

#[test]
fn the_wanted_files_are_attached_as_far_as_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(
        folder.path(),
        &[
            ("report_1.json", 2),
            ("report_1.csv", 1),
            ("report_1.html", 1),
            ("summary_1.json", 1),
        ],
    );
    let email = |keys: &str| format!("{}, {keys}}}\n", EMAIL.trim_end().trim_end_matches('}'));
    let (names, text) = attached(&email("attachments: [csv, json]"), &files);
    assert_eq!(names, ["report_1.json", "report_1.csv"]);
    assert!(text.contains("Attached: report_1.csv (1.00 MB)"), "{text}");
    assert!(!text.contains("/reports/"), "{text}");
    let (names, _) = attached(
        &email("attachments: [csv, json], max_attachment_mb: 2"),
        &files,
    );
    assert_eq!(names, ["report_1.json"]);
    let (names, _) = attached(
        &email("attachments: [csv, json], max_attachment_mb: 1"),
        &files,
    );
    assert_eq!(names, ["report_1.csv"]);
    let (names, _) = attached(&email("attachments: []"), &files);
    assert_eq!(names, Vec::<String>::new());
}

#[test]
fn the_page_goes_along_and_no_zip_unless_the_settings_say_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(
        folder.path(),
        &[
            ("report_1.json", 0),
            ("report_1.html", 0),
            ("reports_1.zip", 0),
        ],
    );
    assert_eq!(attached(EMAIL, &files).0, ["report_1.html"]);
}

#[test]
fn a_file_that_is_gone_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path(), &[("report_1.html", 0)]);
    fs::remove_file(&files[0].path).unwrap();
    let settings = settings(folder.path(), EMAIL);
    let envelope = Envelope::of(&settings.email).unwrap();
    let report = whole();
    let subject = Subject {
        report: &report,
        period: day(),
        files: &files,
    };
    let writer = Writer::new(&settings, &envelope, NOW);
    let error = writer
        .write(&subject, &Circumstances::default())
        .err()
        .unwrap();
    assert!(error.to_string().contains("report_1.html"), "{error}");
}
