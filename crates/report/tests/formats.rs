//! CSV, Parquet and the terminal's summary.

#[path = "formats/analyses.rs"]
mod analyses;
mod sample;

use display::Colour;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use report::{Glyphs, Options, ParquetOptions, ParquetRows, Report, TextOptions};
use sample::{START, hostile, row, rows};
use traffic::{RowView, Table};

fn csv(report: &Report) -> String {
    let mut bytes = Vec::new();
    report::write_csv(report, &mut bytes).expect("memory takes all");
    String::from_utf8(bytes).expect("names are UTF-8")
}

#[test]
fn a_csv_has_its_columns_in_order_and_a_row_a_connection() {
    let rows = [
        row(START, 600, 1200),
        RowView {
            process: Some("a,b"),
            pid: Some(42),
            remote: Some("2001:db8::1"),
            ..row(START, 60, 60)
        },
        RowView {
            process: None,
            interface: None,
            protocol: None,
            local_port: None,
            remote_port: None,
            ..row(START, 1, 0)
        },
    ];
    let report = sample::report_of(&rows, &[sample::facts(START, 60)], Options::default());
    let expected = "\
        Process name,PID,Upload (bps),Download (bps),Local Port,Remote Address,Protocol,\
        Upload (bytes),Download (bytes),Interface,First seen,Last seen,\
        Host,Day,Remote,Remote port,Upload (B/s),Download (B/s),First seen (local),Last seen (local)\r\n\
        curl,,10,20,54321,192.0.2.7:443,tcp,600,1200,eth0,\
        2026-03-02T00:00:00+00:00,2026-03-02T00:00:59+00:00,\
        web1,2026-03-02,192.0.2.7,443,10,20,2026-03-02 00:00:00,2026-03-02 00:00:59\r\n\
        \"a,b\",42,1,1,54321,[2001:db8::1]:443,tcp,60,60,eth0,\
        2026-03-02T00:00:00+00:00,2026-03-02T00:00:59+00:00,\
        web1,2026-03-02,2001:db8::1,443,1,1,2026-03-02 00:00:00,2026-03-02 00:00:59\r\n\
        ,,0,0,,192.0.2.7,,1,0,,2026-03-02T00:00:00+00:00,2026-03-02T00:00:59+00:00,\
        web1,2026-03-02,192.0.2.7,,0,0,2026-03-02 00:00:00,2026-03-02 00:00:59\r\n";
    assert_eq!(csv(&report), expected);
}

#[test]
fn hostile_names_stay_in_their_cells() {
    let text = csv(&hostile());
    assert!(text.contains(",") && !text.contains('\0'));
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let records: Vec<_> = reader.records().map(Result::unwrap).collect();
    assert_eq!(records.len(), 10);
    assert!(records.iter().all(|record| record.len() == 20));
    let names: Vec<_> = records.iter().map(|record| record[0].to_owned()).collect();
    assert!(names.contains(&"'=cmd|' /C calc'!A0".to_owned()));
    assert!(names.contains(&r"two\u{a}lines".to_owned()));
    assert!(names.contains(&r"nul\u{0}nul".to_owned()));
}

#[test]
fn a_csv_holds_all_connections_even_where_json_does_not() {
    let options = Options {
        max_connections: 2,
        ..Options::default()
    };
    let report = sample::report_of(&rows(), &[], options);
    assert_eq!(
        (report.connections.len(), csv(&report).lines().count()),
        (2, 1 + 9)
    );
    let read: Report = serde_json::from_str(&report.to_json(report.timestamp)).unwrap();
    let error = report::write_csv(&read, Vec::new()).unwrap_err();
    assert!(error.to_string().contains("2 of 9 connections"));
}

#[test]
fn a_csv_of_a_report_read_back_with_all_connections_is_the_same() {
    let report = sample::day();
    let read: Report = serde_json::from_str(&report.to_json(report.timestamp)).unwrap();
    assert_eq!(csv(&read), csv(&report));
}

fn parquet_of(rows: &[RowView<'_>], options: ParquetOptions) -> Vec<u8> {
    let mut writer = ParquetRows::new(Vec::new(), "web1", options).expect("memory takes all");
    rows.iter()
        .for_each(|row| writer.row(row).expect("memory takes all"));
    writer.finish().expect("memory takes all")
}

#[test]
fn parquet_is_read_back_with_its_columns_and_values() {
    use arrow_array::cast::AsArray;
    use arrow_array::types::{
        Float64Type, Int64Type, TimestampMillisecondType, UInt16Type, UInt32Type,
    };

    let plain = RowView {
        process: None,
        local_port: None,
        remote_port: None,
        ..row(START + 60, 1, 2)
    };
    let rows = [
        RowView {
            pid: Some(7),
            ..row(START, 600, u64::MAX)
        },
        plain,
        RowView {
            table: Table::Loopback,
            ..plain
        },
        RowView {
            table: Table::Peers,
            ..plain
        },
    ];
    let bytes = parquet_of(&rows, ParquetOptions::default());
    let builder = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
    let columns: Vec<_> = builder
        .schema()
        .fields()
        .iter()
        .map(|field| format!("{}: {}", field.name(), field.data_type()))
        .collect();
    insta::assert_snapshot!(columns.join("\n"));
    let batch = builder.build().unwrap().next().unwrap().unwrap();
    assert_eq!(batch.num_rows(), 2);
    let column = |name: &str| batch.column_by_name(name).unwrap();
    let time = column("timestamp").as_primitive::<TimestampMillisecondType>();
    assert_eq!(time.values(), &[START * 1000, (START + 60) * 1000]);
    assert_eq!(column("host").as_string::<i32>().value(1), "web1");
    assert!(column("process_name").is_null(1));
    assert_eq!(column("pid").as_primitive::<UInt32Type>().value(0), 7);
    assert_eq!(
        column("local_port").as_primitive::<UInt16Type>().value(0),
        54_321
    );
    assert_eq!(
        column("download_bytes")
            .as_primitive::<Int64Type>()
            .values(),
        &[i64::MAX, 2]
    );
    assert_eq!(
        column("upload_bps").as_primitive::<Float64Type>().value(0),
        10.0
    );
    assert_eq!(
        column("upload_peak_bps")
            .as_primitive::<Float64Type>()
            .value(0),
        600.0
    );
}

#[test]
fn the_same_rows_give_the_same_parquet_whatever_the_batch() {
    let rows = rows();
    let small = ParquetOptions {
        batch_size: 7,
        ..ParquetOptions::default()
    };
    assert_eq!(parquet_of(&rows, small), parquet_of(&rows, small));
    let count = |bytes: Vec<u8>| {
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(bytes)).unwrap();
        reader
            .build()
            .unwrap()
            .map(|batch| batch.unwrap().num_rows())
            .sum::<usize>()
    };
    assert_eq!(count(parquet_of(&rows, small)), 3 * 180);
    let with_loopback = ParquetOptions {
        include_loopback: true,
        ..ParquetOptions::default()
    };
    assert_eq!(count(parquet_of(&rows, with_loopback)), 4 * 180);
    assert_eq!(count(parquet_of(&[], small)), 0);
}

#[test]
fn json_is_the_contract() {
    let report = sample::day();
    insta::assert_snapshot!(report.to_json(report.timestamp));
}

#[test]
fn the_summary_reads_well_at_80_columns() {
    let files = vec!["/var/reports/report_20260302.json".to_owned()];
    let options = TextOptions {
        files,
        ..TextOptions::default()
    };
    insta::assert_snapshot!(sample::day().to_text(&options));
}

#[test]
fn hostile_names_are_shown_and_keep_the_columns() {
    insta::assert_snapshot!(hostile().to_text(&TextOptions::default()));
}

#[test]
fn a_summary_in_ascii_has_nothing_else() {
    let options = TextOptions {
        glyphs: Glyphs::Ascii,
        ..TextOptions::default()
    };
    let text = sample::day().to_text(&options);
    assert!(text.is_ascii(), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn no_line_is_wider_than_asked_for_and_none_acts_on_the_terminal() {
    for width in [50, 60, 69, 70, 80, 120] {
        for report in [sample::day(), hostile()] {
            for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
                let text = report.to_text(&TextOptions {
                    width,
                    glyphs,
                    ..TextOptions::default()
                });
                for line in text.lines() {
                    assert!(display::width(line) <= width, "{width}: {line}");
                    assert_eq!(display::printable(line), line);
                }
            }
        }
    }
}

#[test]
fn colours_are_sent_only_when_asked_for() {
    let options = TextOptions {
        colour: Colour::Ansi,
        ..TextOptions::default()
    };
    let coloured = sample::day().to_text(&options);
    let mut plain = String::new();
    for (at, part) in coloured.split('\u{1b}').enumerate() {
        let skip = if at == 0 {
            0
        } else {
            part.find('m').unwrap() + 1
        };
        plain += &part[skip..];
    }
    assert_eq!(plain, sample::day().to_text(&TextOptions::default()));
}
