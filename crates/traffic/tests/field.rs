//! What logs from real machines hold and a plain reading gets wrong.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt::Write as _;

use rawlog::{Limits, Reader};
use traffic::{LogFold, Options, Row, RunSummary, Sink, Strings, Table, Volume, tail_rows};

const START: i64 = 1_795_950_000;

/// The rows of a log, as text where they are compared.
#[derive(Default)]
struct Gathered {
    traffic: Volume,
    loopback: Volume,
    apart: Volume,
    peers: BTreeSet<String>,
    processes: BTreeSet<String>,
    seconds: u32,
    /// Those of the fullest minute.
    most_seconds: u32,
    /// First and last second of the last run.
    span: Option<(i64, i64)>,
    turned: u64,
    doubled: u64,
    interfaces: Vec<String>,
    runs: usize,
}

impl Gathered {
    fn add(&mut self, row: &Row, strings: &Strings) {
        match row.table {
            Table::Traffic => {
                self.traffic.add(row.volume);
                let interface = row.interface.map(|name| strings.text(name).into_owned());
                self.interfaces.extend(interface);
                let text = |id| strings.text(id).into_owned();
                self.peers.extend(row.remote.map(text));
                self.processes.extend(row.process.map(text));
            }
            Table::Loopback => self.loopback.add(row.volume),
            Table::Apart => self.apart.add(row.volume),
            Table::Peers => {}
        }
    }
}

impl Sink for Gathered {
    type Error = Infallible;

    fn rows(&mut self, _: u32, rows: &[Row], strings: &Strings) -> Result<(), Infallible> {
        rows.iter().for_each(|row| self.add(row, strings));
        Ok(())
    }

    fn run_ended(&mut self, run: RunSummary) -> Result<(), Infallible> {
        self.runs += 1;
        self.seconds += run.facts.iter().map(|facts| facts.seconds).sum::<u32>();
        self.most_seconds = (run.facts.iter())
            .map(|facts| facts.seconds)
            .chain([self.most_seconds])
            .max()
            .unwrap_or(0);
        self.span = run.first.zip(run.last);
        self.turned += run.turned.total();
        self.doubled += run.doubled.total();
        let mut strings = Strings::default();
        let tail = tail_rows(&run.carry, &mut strings);
        tail.iter().for_each(|row| self.add(row, &strings));
        Ok(())
    }
}

fn fold(log: &str, resolution: i64) -> Gathered {
    let options = Options {
        resolution,
        ..Options::default()
    };
    let mut fold = LogFold::new(options, Gathered::default());
    let (_, outcome) =
        Reader::new(log.as_bytes(), Limits::default()).for_each(|item| fold.take(item));
    outcome.expect("memory can be read");
    let Ok((_, gathered)) = fold.finish();
    gathered
}

/// A frame of a download of so many thousand bytes a second.
fn row(log: &mut String, time: i64, interface: &str, peer: &str, thousands: u64) {
    let rate = format!("up/down Bps: {}/{}", thousands * 10, thousands * 1000);
    write!(
        log,
        "Refreshing:\nprocess: <{time}> \"dl\" {rate} connections: 1\n\
         connection: <{time}> <{interface}>:50000 => {peer}:443 (tcp) {rate} process: \"dl\"\n\
         remote_address: <{time}> {peer} {rate} connections: 1\n\n"
    )
    .expect("a String takes any text");
}

/// Frames of a steady download, each with the interface and the peer it is shown with.
fn frames(start: i64, shown: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let mut log = "Refreshing:\n<NO TRAFFIC>\n\n".to_owned();
    for (time, (interface, peer)) in (start + 1..).zip(shown) {
        row(&mut log, time, interface, peer, 100);
    }
    log
}

/// What the download moves in so many frames.
fn download(frames: u64) -> Volume {
    Volume {
        up: 1000,
        down: 100_000,
    }
    .map(|bytes| bytes * frames)
}

fn close(found: Volume, expected: Volume) -> bool {
    // Each row may round.
    found.up.abs_diff(expected.up) < 30 && found.down.abs_diff(expected.down) < 30
}

#[test]
fn loopback_does_not_stick_to_a_connection_that_has_another_interface_later() {
    for (first, resolution) in [(5, 60), (5, 5), (75, 5), (700, 60)] {
        let shown = (0..800).map(|k| {
            let interface = if k < first { "lo" } else { "va" };
            (interface, "198.51.100.7")
        });
        let found = fold(&frames(START, shown), resolution);
        assert!(close(found.traffic, download(800)), "{:?}", found.traffic);
        assert_eq!((found.loopback, found.runs), (Volume::ZERO, 1));
    }
}

#[test]
fn an_interface_stays_though_the_socket_on_loopback_hears_it_again() {
    let shown = (0..60).map(|k| {
        let interface = if k % 20 < 5 { "lo" } else { "va" };
        (interface, "198.51.100.7")
    });
    let found = fold(&frames(START, shown), 5);
    assert!(close(found.traffic, download(60)), "{:?}", found.traffic);
    assert_eq!(
        found.interfaces.iter().filter(|name| *name == "lo").count(),
        1
    );
}

#[test]
fn traffic_with_the_own_machine_stays_loopback() {
    for peer in ["127.0.0.1", "192.0.2.9", "::1"] {
        let found = fold(&frames(START, (0..60).map(|_| ("lo", peer))), 60);
        assert_eq!(found.traffic, Volume::ZERO);
        let half = download(60).map(|bytes| bytes / 2);
        assert!(close(found.loopback, half), "{:?}", found.loopback);
    }
    // The peer alone says what it is, whatever the interface.
    let found = fold(&frames(START, (0..60).map(|_| ("eth0", "127.0.0.1"))), 60);
    assert_eq!(found.traffic, Volume::ZERO);
}

#[test]
fn a_connection_that_paused_after_its_rows_on_loopback_is_no_loopback() {
    let mut log = frames(START, (0..5).map(|_| ("lo", "198.51.100.7")));
    for (time, part) in (START + 6..).zip([80, 60, 40, 20]) {
        row(&mut log, time, "lo", "198.51.100.7", part);
    }
    log.push_str(&"Refreshing:\n<NO TRAFFIC>\n\n".repeat(100));
    log.push_str(&frames(
        START + 109,
        (0..60).map(|_| ("va", "198.51.100.7")),
    ));
    let found = fold(&log, 60);
    // Five refreshes, of which the first rows are means over two, three and four; then sixty.
    let expected = Volume {
        up: 65_800,
        down: 6_580_000,
    };
    assert!(close(found.traffic, expected), "{:?}", found.traffic);
    assert_eq!(found.loopback, Volume::ZERO);
}

/// Notes of interfaces, each a name and a kind.
fn notes(arguments: &str, interfaces: &[(&str, &str)]) -> String {
    let mut notes = format!(
        "network-monitor: <{START}> format 1 collector \"1\" bandwhich \"0.23.1\" arguments \"{arguments}\"\n"
    );
    for (name, kind) in interfaces {
        writeln!(
            notes,
            "network-monitor: <{START}> interface \"{name}\" {kind} received 1/1 sent 1/1"
        )
        .expect("a String takes any text");
    }
    notes + "\n"
}

/// Frames with the same rows, each an interface, the ends, the values and a process.
fn steady(seconds: std::ops::Range<i64>, rows: &[(&str, &str, &str, &str)]) -> String {
    let mut log = String::new();
    for second in seconds {
        let time = START + second;
        log.push_str("Refreshing:\n");
        for (interface, ends, rate, process) in rows {
            writeln!(
                log,
                "connection: <{time}> <{interface}>{ends} (tcp) up/down Bps: {rate} process: \"{process}\""
            )
            .expect("a String takes any text");
        }
        log.push('\n');
    }
    log
}

const IDLE: &str = "Refreshing:\n<NO TRAFFIC>\n\n";
const HOST: [(&str, &str); 3] = [("eth0", "ethernet"), ("br0", "bridge"), ("veth1", "port")];
/// A container's download as the uplink shows it, and what the bridge and its port show.
const TRANSLATED: [(&str, &str, &str, &str); 3] = [
    ("br0", ":40000 => 198.51.100.7:443", "0/2000", "<UNKNOWN>"),
    ("eth0", ":40000 => 198.51.100.7:443", "10/1000", "<UNKNOWN>"),
    ("veth1", ":443 => 172.17.0.2:40000", "0/20", "<UNKNOWN>"),
];

#[test]
fn what_an_uplink_carries_too_is_apart() {
    let log = |arguments: &str, interfaces| {
        notes(arguments, interfaces) + IDLE + &steady(1..100, &TRANSLATED)
    };
    let found = fold(&log("--raw", &HOST), 60);
    assert_eq!(found.traffic.total(), 101_000);
    assert_eq!(found.apart.total(), 202_000);
    assert_eq!(found.runs, 1);
    // Without an uplink, or where bandwhich was told what to watch, all counts.
    let found = fold(&log("--raw", &HOST[1..]), 60);
    assert_eq!((found.traffic.total(), found.apart.total()), (303_000, 0));
    let found = fold(&log("--raw -i br0", &HOST), 60);
    assert_eq!((found.traffic.total(), found.apart.total()), (303_000, 0));
    // A log without notes is read as before.
    let found = fold(&(IDLE.to_owned() + &steady(1..100, &TRANSLATED)), 60);
    assert_eq!((found.traffic.total(), found.apart.total()), (303_000, 0));
}

#[test]
fn connections_of_this_machine_count_on_every_interface() {
    let row = |process| [("br0", ":40000 => 172.17.0.2:80", "100/1000", process)];
    let log = notes("--raw", &HOST)
        + IDLE
        + &steady(1..4, &row("<UNKNOWN>"))
        + &steady(4..50, &row("curl"))
        + &steady(50..100, &row("<UNKNOWN>"));
    let found = fold(&log, 60);
    assert_eq!((found.traffic.total(), found.apart.total()), (110_000, 0));
    assert_eq!(found.runs, 1);
}

#[test]
fn a_connection_that_is_routed_without_translation_is_one() {
    // One row at a time, on the interface that saw it last: no restart, and nothing lost.
    for interfaces in [["eth0", "br0"], ["br0", "eth0"]] {
        let mut log = notes("--raw", &HOST) + IDLE;
        for second in 1..100 {
            let interface = interfaces[usize::from(second % 7 > 3)];
            let row = (interface, ":443 => 172.17.0.2:40000", "0/3000", "<UNKNOWN>");
            log += &steady(second..second + 1, &[row]);
        }
        let found = fold(&log, 60);
        assert_eq!((found.traffic.total(), found.apart.total()), (300_000, 0));
        assert_eq!(found.runs, 1);
    }
}

#[test]
fn an_interface_is_apart_as_soon_as_its_kind_is_known() {
    let mut rows = TRANSLATED;
    rows[2].0 = "veth9";
    let new = format!(
        "network-monitor: <{}> interface \"veth9\" port received 1/1 sent 1/1\n\n",
        START + 60
    );
    let log = notes("--raw", &HOST) + IDLE + &steady(1..60, &rows) + &new + &steady(60..100, &rows);
    let found = fold(&log, 60);
    assert_eq!(
        (found.traffic.total(), found.apart.total()),
        (101_000, 202_000)
    );
    assert_eq!(found.runs, 1);
}

/// A download and the upload of the same connection, which has the own address as its peer.
const TURNED: [(&str, &str, &str, &str); 2] = [
    ("eth0", ":40000 => 198.51.100.7:443", "0/1000", "curl"),
    ("eth0", ":443 => 192.0.2.1:40000", "0/300", "<UNKNOWN>"),
];

fn assert_turned(found: &Gathered) {
    let expected = Volume {
        up: 30_000,
        down: 100_000,
    };
    assert_eq!(found.traffic, expected);
    assert_eq!(found.peers, ["198.51.100.7"].map(String::from).into());
    assert_eq!(found.processes, ["curl"].map(String::from).into());
    // What the end of the run settles is not part of it.
    assert!(
        (29_000..=30_000).contains(&found.turned),
        "{}",
        found.turned
    );
    assert_eq!(found.doubled, 0);
    assert_eq!(found.runs, 1);
}

#[test]
fn uploads_with_an_own_address_as_their_peer_are_turned() {
    let address = |second: i64| {
        let time = START + second;
        format!("network-monitor: <{time}> address \"eth0\" 192.0.2.1/24\n\n")
    };
    // Known before, known while it lasts, and proven by the rows alone.
    let mut rows = TURNED;
    for _ in 0..2 {
        let before = IDLE.to_owned() + &address(0) + &steady(1..100, &rows);
        assert_turned(&fold(&before, 60));
        let within = IDLE.to_owned() + &steady(1..2, &rows) + &address(2) + &steady(2..100, &rows);
        assert_turned(&fold(&within, 60));
        assert_turned(&fold(&(IDLE.to_owned() + &steady(1..100, &rows)), 60));
        rows.reverse();
    }
}

#[test]
fn a_bandwhich_that_was_started_for_the_log_begins_with_its_first_frame() {
    // Started under traffic: means over one refresh, over two, and over five from the fifth on.
    let upload = |rate| ("eth0", ":40000 => 198.51.100.7:443", rate, "curl");
    let mut log = String::new();
    for (second, rate) in (1..).zip(["8224/0", "152144/0", "202858/0", "228216/0"]) {
        log += &steady(second..second + 1, &[upload(rate)]);
    }
    log += &steady(5..20, &[upload("241785/0")]);
    let started = format!("network-monitor: <{START}> started\n\n");
    let found = fold(
        &(notes("--raw", &HOST).trim_end().to_owned() + "\n" + &started + &log),
        60,
    );
    // Nineteen refreshes, of which each is as the one five before it.
    assert_eq!(found.traffic.up, 3 * 5 * 241_785 + 4 * 228_216);
    assert_eq!(found.runs, 1);
}

#[test]
fn what_a_routed_container_sends_is_an_upload() {
    let addresses = |arguments: &str, uplink: &str| {
        let note = |of: &str| format!("network-monitor: <{START}> address {of}\n");
        notes(arguments, &HOST).trim_end().to_owned()
            + "\n"
            + &note(&format!("\"eth0\" {uplink}"))
            + &note("\"br0\" 172.17.0.1/16")
            + "\n"
            + IDLE
    };
    // To bandwhich, which knows neither end, both send to this machine.
    let mut rows = [
        ("eth0", ":40000 => 198.51.100.7:443", "0/1000", "<UNKNOWN>"),
        ("eth0", ":443 => 172.17.0.2:40000", "0/300", "<UNKNOWN>"),
    ];
    let log = |arguments, uplink, rows: &[_]| {
        fold(&(addresses(arguments, uplink) + &steady(1..100, rows)), 60)
    };
    let (uplink, arguments) = ("192.0.2.1/24", "--raw --interface eth0");
    for _ in 0..2 {
        let found = log(arguments, uplink, &rows);
        let expected = Volume {
            up: 30_000,
            down: 100_000,
        };
        assert_eq!(found.traffic, expected);
        assert_eq!(found.peers, ["198.51.100.7"].map(String::from).into());
        assert_eq!((found.doubled, found.runs), (0, 1));
        let received = Volume {
            up: 0,
            down: 130_000,
        };
        // Where all is watched, the rows of three interfaces are one; and neighbours of the uplink are none of
        // this machine's.
        assert_eq!(log("--raw", uplink, &rows).traffic, received);
        assert_eq!(log(arguments, "172.17.0.9/24", &rows).traffic, received);
        rows.reverse();
    }
    // Of two ends behind bridges, nobody knows which one is meant.
    rows[0].1 = ":40000 => 172.17.0.3:443";
    rows[1].1 = ":443 => 172.17.0.2:40000";
    assert_eq!(log(arguments, uplink, &rows).traffic.up, 0);
    // Once its address is known, what it sends without an answer is turned too.
    rows[0].1 = ":40000 => 198.51.100.7:443";
    let log_to = [("eth0", ":514 => 172.17.0.2:40001", "0/500", "<UNKNOWN>")];
    let datagrams = steady(50..100, &log_to).replace("(tcp)", "(udp)");
    let text = |arguments| addresses(arguments, uplink) + &steady(1..50, &rows) + &datagrams;
    let (found, plain) = (fold(&text(arguments), 60), fold(&text("--raw"), 60));
    assert_eq!(found.traffic.total(), plain.traffic.total());
    assert!(found.traffic.up > 35_000, "{:?}", found.traffic);
}

#[test]
fn an_address_that_is_not_proven_to_be_own_is_a_peer() {
    let expected = Volume {
        up: 0,
        down: 130_000,
    };
    let of =
        |rows: &[(&str, &str, &str, &str)]| fold(&(IDLE.to_owned() + &steady(1..100, rows)), 60);
    // A router's: neither end is a process's of this machine.
    let mut routed = TURNED;
    routed[0].3 = "<UNKNOWN>";
    assert_eq!(of(&routed).traffic, expected);
    // On another interface.
    let mut elsewhere = TURNED;
    elsewhere[1].0 = "eth1";
    assert_eq!(of(&elsewhere).traffic, expected);
    // The connection sends: the other row is something else.
    let mut sends = TURNED;
    sends[0].2 = "300/1000";
    let found = of(&sends);
    assert_eq!((found.traffic.up, found.traffic.down), (30_000, 130_000));
    // Loopback between own addresses stays as it is.
    let own = "network-monitor: <1> address \"lo\" 192.0.2.1/32\n\n".to_owned();
    let row = [("lo", ":443 => 192.0.2.1:40000", "200/200", "nginx")];
    let found = fold(&(own + IDLE + &steady(1..100, &row)), 60);
    assert_eq!((found.traffic.total(), found.loopback.total()), (0, 20_000));
}

/// A frame of a download at each of these seconds; `None` is an idle frame.
fn at(seconds: impl Iterator<Item = Option<i64>>) -> String {
    let row = [("eth0", ":40000 => 198.51.100.7:443", "10/1000", "curl")];
    let frame = |second: Option<i64>| match second {
        Some(second) => steady(second..second + 1, &row),
        None => IDLE.to_owned(),
    };
    seconds.map(frame).collect()
}

#[test]
fn refreshes_that_take_longer_observe_longer() {
    // 1.3 seconds each, over five minutes.
    let found = fold(&at((0..230).map(|k| Some(k * 13 / 10))), 60);
    assert_eq!((found.seconds, found.most_seconds), (298, 60));
    // 2.6 seconds each.
    let found = fold(&at((0..100).map(|k| Some(k * 26 / 10))), 60);
    assert_eq!((found.seconds, found.most_seconds), (258, 60));
    // Idle for a while at the same pace, after rows that leave the window step by step.
    let mut log = at((0..80).map(|k| Some(k * 13 / 10)));
    for (k, rate) in (80..84).zip(["8/800", "6/600", "4/400", "2/200"]) {
        let second = k * 13 / 10;
        let row = [("eth0", ":40000 => 198.51.100.7:443", rate, "curl")];
        log += &steady(second..second + 1, &row);
    }
    log += &IDLE.repeat(60);
    log += &at((144..200).map(|k| Some(k * 13 / 10)));
    let found = fold(&log, 60);
    assert!((257..=260).contains(&found.seconds), "{}", found.seconds);
}

#[test]
fn a_leap_of_the_clock_and_a_stop_are_not_observed() {
    for leap in [20, 4000, -300] {
        let leaps = (0..120).map(|k| Some(if k < 60 { k } else { k + leap }));
        assert_eq!(fold(&at(leaps), 60).seconds, 120, "{leap}");
    }
}

#[test]
fn idle_frames_are_dated_by_notes() {
    let note = |second: i64| {
        let time = START + second;
        format!("network-monitor: <{time}> interface \"eth0\" ethernet received 1/1 sent 1/1\n\n")
    };
    // A minute of 50 refreshes, four times.
    let minute = |number: i64| note(number * 60) + &IDLE.repeat(50);
    let log: String = (0..4).map(minute).collect();
    let found = fold(&(log.clone() + &note(240)), 60);
    // The first refresh stands for a second, as in any log.
    assert!((239..=241).contains(&found.seconds), "{}", found.seconds);
    assert_eq!(found.span, Some((START, START + 240)));
    assert_eq!(found.traffic, Volume::ZERO);
    // Nobody knows when a log without notes was idle.
    assert_eq!(fold(&IDLE.repeat(200), 60).seconds, 0);
    // Traffic behind it does not move it.
    let found = fold(&(log + &at((240..300).map(Some))), 60);
    assert!((299..=301).contains(&found.seconds), "{}", found.seconds);
    assert_eq!(found.span, Some((START, START + 299)));
}
