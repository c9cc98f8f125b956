//! What logs from real machines hold and a plain reading gets wrong.

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
            }
            Table::Loopback => self.loopback.add(row.volume),
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
