use super::*;
use display::Moment;
use jiff::tz::TimeZone;
use traffic::Volume;

/// Names that a CSV has to be careful with, and others.
const NAMES: [&str; 16] = [
    "",
    "chrome",
    "a,b",
    "a \"quoted\" name",
    "two\r\nlines",
    "=1+1",
    "\"=1,2",
    " =1",
    "\u{1b}]0;x\u{7}",
    "日本,語",
    "fe80::1",
    "::ffff:192.0.2.1",
    "192.0.2.1",
    "db.example.",
    "'",
    "\n",
];

#[test]
fn rows_are_those_of_another_writer() {
    let moment = Moment::new(1_795_305_600, &TimeZone::UTC);
    let mut rows = Rows::default();
    let mut other = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for (place, name) in NAMES.iter().enumerate() {
        // Each row twice, for cells are remembered.
        for port in [Some(443), None, Some(1)] {
            let text = (place % 3 != 1).then_some(*name);
            let connection = ConnectionView {
                process: Some(name),
                pid: port.map(u32::from),
                interface: text,
                local_port: port,
                remote_address: (place != 7).then_some(*name),
                remote_port: port,
                protocol: text,
                rate: Volume {
                    up: u64::MAX,
                    down: 0,
                },
                volume: Volume { up: 7, down: 1_000 },
                first_seen: moment,
                last_seen: moment,
            };
            rows.add(name, &connection);
            let number = |number: Option<u16>| number.map_or_else(String::new, |n| n.to_string());
            let remote = match (connection.remote_address, port) {
                (None, _) => String::new(),
                (Some(host), None) => host.to_owned(),
                (Some(host), Some(port)) if host.parse::<Ipv6Addr>().is_ok() => {
                    format!("[{host}]:{port}")
                }
                (Some(host), Some(port)) => format!("{host}:{port}"),
            };
            let port = number(port);
            let record = [
                &harmless(name),
                port.as_str(),
                &u64::MAX.to_string(),
                "0",
                &port,
                &harmless(&remote),
                &harmless(text.unwrap_or_default()),
                "7",
                "1000",
                &harmless(text.unwrap_or_default()),
                &moment.to_string(),
                &moment.to_string(),
                &harmless(name),
                "2026-11-22",
                &harmless(connection.remote_address.unwrap_or_default()),
                &port,
                &u64::MAX.to_string(),
                "0",
                &moment.spreadsheet(),
                &moment.spreadsheet(),
            ];
            other.write_record(record).unwrap();
        }
    }
    let other = String::from_utf8(other.into_inner().unwrap()).unwrap();
    assert_eq!(String::from_utf8(rows.out).unwrap(), other);
}

#[test]
fn only_so_many_cells_are_remembered() {
    let names: Vec<String> = (0..MOST_CELLS + 10)
        .map(|name| format!("{name},"))
        .collect();
    let mut cells = Cells::default();
    for name in names.iter().chain(&names) {
        let cell = cells.get(name, Cell::of);
        assert!(cell.is_quoted && cell.text == *name);
    }
    assert_eq!(cells.0.len(), MOST_CELLS);
}

#[test]
fn what_a_spreadsheet_would_run_gets_an_apostrophe() {
    let formulas = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\"=1",
        "' =1",
        "  \"=cmd|' /C calc'!A0",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "\u{a0}=1",
        "\n=1",
        "\u{feff}=1",
        "\0=1",
        "\t",
        "-",
    ];
    for formula in formulas {
        assert!(harmless(formula).starts_with('\''), "{formula:?}");
    }
    for name in [
        "",
        "chrome",
        "a=b",
        "1-2",
        "'quoted'",
        "<UNKNOWN>",
        "fe80::1",
        "日本",
    ] {
        assert_eq!(harmless(name), name);
    }
    assert_eq!(harmless("a\0b"), r"a\u{0}b");
    assert_eq!(harmless("\u{1b}]0;x\u{7}"), r"\u{1b}]0;x\u{7}");
    assert_eq!(harmless("\u{202e}=1"), r"\u{202e}=1");
}
