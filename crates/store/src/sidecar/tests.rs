use super::*;

fn source() -> Source {
    let summary = LogSummary {
        frames: 7,
        ..LogSummary::default()
    };
    let run = |number: u32, hashes: &[u64], dropped: &[i64]| {
        let run = serde_json::json!({
            "run": number, "frames": 3, "idle_frames": 0, "first": 60, "last": 90,
            "extremes": [60, 90], "mode": "rate", "framed": true, "may_continue": false,
            "may_go_on": false, "carry": {"frames": 0, "keys": []}, "disagreement": 4,
            "doubled": {"up": 1, "down": 2}, "turned": {"up": 3, "down": 4},
            "clock_steps": [[70, -5]], "text_bytes": 9, "owners": 1,
        });
        RunRecord {
            short: None,
            hashes: hashes.len(),
            dropped: dropped.iter().copied().collect(),
            summary: RunSummary {
                hashes: hashes.to_vec(),
                ..serde_json::from_value(run).unwrap()
            },
        }
    };
    Source {
        label: None,
        format: FORMAT,
        name: "0123456789abcdef".to_owned(),
        generation: 3,
        host: "a".to_owned(),
        resolution: 60,
        log: "x.log".to_owned(),
        bytes: 1234,
        lines: 56,
        summary,
        runs: vec![run(0, &[1, 2, 3], &[]), run(1, &[u64::MAX], &[18_000])],
        segments: Vec::new(),
    }
}

fn written(source: &Source) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    source.write(file.as_file(), file.path()).unwrap();
    file
}

#[test]
fn a_source_is_read_as_it_was_written() {
    let source = source();
    let file = written(&source);
    let read = Source::read(file.path()).unwrap();
    assert_eq!(format!("{read:?}"), format!("{source:?}"));
}

#[test]
fn what_a_report_tells_is_what_the_whole_source_holds() {
    let source = source();
    let facts = SourceFacts::read(written(&source).path()).unwrap();
    assert_eq!(
        (facts.name, facts.log, facts.bytes, facts.lines),
        (source.name, source.log, source.bytes, source.lines)
    );
    assert_eq!(facts.summary, source.summary);
    assert_eq!(facts.runs.len(), source.runs.len());
    for (facts, run) in facts.runs.iter().zip(&source.runs) {
        assert_eq!(facts.dropped, run.dropped);
        let run = &run.summary;
        assert_eq!(
            (facts.extremes, facts.mode, facts.framed, facts.disagreement),
            (run.extremes, run.mode, run.framed, run.disagreement)
        );
        assert_eq!((facts.doubled, facts.turned), (run.doubled, run.turned));
        assert_eq!(facts.clock_steps, run.clock_steps);
    }
}

#[test]
fn a_source_that_is_cut_or_changed_is_damaged_to_both() {
    let file = written(&source());
    let bytes = std::fs::read(file.path()).unwrap();
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    for damaged in [&bytes[..bytes.len() - 1], &bytes[..7], &[], &flipped] {
        std::fs::write(file.path(), damaged).unwrap();
        let whole = Source::read(file.path()).map(drop);
        let facts = SourceFacts::read(file.path()).map(drop);
        for read in [whole, facts] {
            assert!(matches!(read, Err(Error::Damaged { .. })), "{read:?}");
        }
    }
    let later = Source {
        format: FORMAT + 1,
        ..source()
    };
    let read = SourceFacts::read(written(&later).path());
    assert!(matches!(read, Err(Error::OtherFormat { .. })), "{read:?}");
}
