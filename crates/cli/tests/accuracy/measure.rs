//! Folds the recordings through the pipeline and lays the outcome beside what tcpdump saw.
//!
//! Shared by the test and the example `accuracy`: what is printed is what is held.
#![allow(dead_code, reason = "the test and the example each use a part of it")]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};

use rawlog::{Item, Limits, Reader};
use serde_json::Value;
use traffic::{LogFold, Options, Row, RunSummary, Sink, Strings, Table, Volume, tail_rows};

/// Peers and owners that moved less are left out: a few bytes of rounding weigh too much on them.
pub(crate) const LEAST_BYTES: u64 = 20_000;
/// The table compares owners where at least this part of the bytes, in percent, has one.
const OWNED: f64 = 98.0;
/// Bandwhich's name for an owner it does not know.
const UNKNOWN: &str = "<UNKNOWN>";
/// The truth's name for owners of sockets that the workload did not write down.
const UNRECORDED: &str = "(owner unknown to the lab)";

/// One recording: the truth, what the log can give, and what was counted.
pub(crate) struct Measured {
    /// File name of the log.
    pub(crate) name: String,
    /// What was done while it was recorded, in a word.
    pub(crate) scenario: String,
    /// Bytes that tcpdump saw.
    pub(crate) truth: u64,
    /// Bytes sent and received that were counted.
    pub(crate) directions: Volume,
    /// Bytes sent and received that tcpdump saw.
    pub(crate) true_directions: Volume,
    /// The plain sum of the values that are printed. `None` if they are running sums.
    pub(crate) naive: Option<u64>,
    /// What was counted, loopback included.
    pub(crate) counted: u64,
    /// What was counted of loopback, each packet once.
    pub(crate) loopback: u64,
    /// The best that the log can give, by an independent reader that knows where each run begins.
    pub(crate) in_log: u64,
    /// Bytes in the best family of rows of the log, added up by that reader.
    pub(crate) sums_in_log: Vec<u64>,
    /// Peers above [`LEAST_BYTES`]; addresses that share a name are one. Empty without peers.
    pub(crate) peers: Vec<Compared>,
    /// Owners above [`LEAST_BYTES`]. Empty without owners.
    pub(crate) owners: Vec<Compared>,
    /// Bytes whose owner is not known. `None` if the log tells no owners.
    pub(crate) without_owner: Option<u64>,
    /// Bytes of owners beyond what they truly moved.
    pub(crate) wrong_owner: u64,
    /// Whether every byte of the log is accounted for.
    pub(crate) is_balanced: bool,
}

/// A peer or an owner.
#[derive(Debug)]
pub(crate) struct Compared {
    /// Address, host name or process.
    pub(crate) name: String,
    /// Bytes that tcpdump saw.
    pub(crate) truth: u64,
    /// Bytes counted.
    pub(crate) counted: u64,
}

impl Compared {
    /// Error in percent.
    pub(crate) fn error(&self) -> f64 {
        percent(self.counted, self.truth)
    }
}

impl Measured {
    /// Error of what was counted, in percent of the truth.
    pub(crate) fn error(&self) -> f64 {
        percent(self.counted, self.truth)
    }

    /// Error of what was counted, in percent of the best that the log can give.
    pub(crate) fn error_in_log(&self) -> f64 {
        percent(self.counted, self.in_log)
    }
}

/// The one that is off most.
pub(crate) fn worst(compared: &[Compared]) -> Option<&Compared> {
    compared
        .iter()
        .max_by(|one, other| one.error().abs().total_cmp(&other.error().abs()))
}

/// How far off `found` is, in percent of `expected`.
#[expect(
    clippy::cast_precision_loss,
    reason = "a percentage needs no more than 53 bits"
)]
pub(crate) fn percent(found: u64, expected: u64) -> f64 {
    (found as f64 - expected as f64) / (expected as f64) * 100.0
}

/// The recordings that ship with the store's tests.
pub(crate) fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/recordings")
}

/// Those of real machines.
pub(crate) fn field_recordings() -> PathBuf {
    recordings().join("field")
}

/// Measures each log of `folder` that has a truth in `folder/truth`, in the order of their names.
pub(crate) fn measure_all(folder: &Path) -> Vec<Measured> {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} cannot be listed: {error}", folder.display()));
    let mut logs: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder that opens can be listed").path())
        .filter(|path| {
            let name = path.to_string_lossy();
            name.ends_with(".log") || name.ends_with(".log.gz")
        })
        .collect();
    logs.sort();
    logs.iter()
        .filter_map(|log| {
            let name = log.file_name()?.to_str()?;
            let stem = name.trim_end_matches(".gz").trim_end_matches(".log");
            let truth = folder.join("truth").join(format!("{stem}.json"));
            let truth = fs::read(truth).ok()?;
            let truth = serde_json::from_slice(&truth)
                .unwrap_or_else(|error| panic!("the truth of {name} is no JSON: {error}"));
            Some(measure(name, log, &truth))
        })
        .collect()
}

/// A Markdown table, one line a recording.
pub(crate) fn table(measured: &[Measured]) -> String {
    let mut table =
        "| recording | scenario | true bytes | sum of values | exact counting | best in \
                     the log | worst peer | worst owner | without owner | wrong owner |\n\
                     |---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
            .to_owned();
    for recording in measured {
        table.push_str(&format!("| {} |\n", cells(recording).join(" | ")));
    }
    table
}

fn cells(recording: &Measured) -> [String; 10] {
    let truth = recording.truth;
    let off = |bytes: u64| format!("{bytes} ({:+.3} %)", percent(bytes, truth));
    let share = |bytes: u64| format!("{:.2} %", percent(bytes, truth) + 100.0);
    let dash = || "–".to_owned();
    let unowned = recording.without_owner;
    let owners_are_known = unowned.is_some_and(|bytes| percent(bytes, truth) + OWNED < 0.0);
    let owner = worst(&recording.owners).filter(|_| owners_are_known);
    [
        recording.name.replace(".gz", "").replace(".log", ""),
        recording.scenario.clone(),
        truth.to_string(),
        recording.naive.map_or_else(dash, off),
        off(recording.counted),
        off(recording.in_log),
        worst(&recording.peers).map_or_else(dash, |peer| format!("{:+.2} %", peer.error())),
        owner.map_or_else(dash, |owner| format!("{:+.2} %", owner.error())),
        unowned.map_or_else(dash, share),
        unowned.map_or_else(dash, |_| share(recording.wrong_owner)),
    ]
}

fn measure(name: &str, log: &Path, truth: &Value) -> Measured {
    let (counted, is_balanced) = count(log);
    let in_log = |kind: &str| -> Vec<u64> {
        // Address rows first: a name that breaks its line cannot hurt them.
        ["A", "P", "C"]
            .iter()
            .filter_map(|family| truth["in_log"][family].get(kind).map(both))
            .collect()
    };
    let exact = ["exact_windows", "last_block_sum", "sum_of_values"]
        .iter()
        .find_map(|kind| in_log(kind).first().copied())
        .expect("a truth says what is in the log");
    let is_running_sum = !in_log("last_block_sum").is_empty();
    let (owners, without_owner, wrong_owner) = owners(truth, &counted);
    Measured {
        name: name.to_owned(),
        scenario: truth["scenario"].as_str().unwrap_or_default().to_owned(),
        truth: both_directions(&truth["true_ip_payload"]),
        directions: counted.directions,
        true_directions: Volume {
            up: truth["true_ip_payload"]["up"].as_u64().unwrap_or(0),
            down: truth["true_ip_payload"]["down"].as_u64().unwrap_or(0),
        },
        naive: (!is_running_sum).then(|| naive(log)),
        counted: counted.total + counted.loopback,
        loopback: counted.loopback,
        in_log: exact,
        sums_in_log: in_log("sum_of_values"),
        peers: peers(truth, &counted),
        owners,
        without_owner,
        wrong_owner,
        is_balanced,
    }
}

/// What the rows of a log add up to.
#[derive(Default)]
struct Counted {
    total: u64,
    directions: Volume,
    loopback: u64,
    peers: BTreeMap<String, u64>,
    owners: BTreeMap<String, u64>,
}

impl Counted {
    fn row(&mut self, row: &Row, strings: &Strings) {
        let bytes = row.volume.total();
        match row.table {
            Table::Traffic => {
                self.total += bytes;
                self.directions.add(row.volume);
            }
            Table::Loopback => self.loopback += bytes,
            Table::Peers => {}
            Table::Apart => return,
        }
        if let Some(remote) = row.remote {
            *self.peers.entry(label(&strings.text(remote))).or_default() += bytes;
        }
        if let (Some(process), false) = (row.process, row.table == Table::Peers) {
            let process = strings.text(process).into_owned();
            *self.owners.entry(process).or_default() += bytes;
        }
    }
}

impl Sink for Counted {
    type Error = Infallible;

    fn rows(&mut self, _run: u32, rows: &[Row], strings: &Strings) -> Result<(), Infallible> {
        rows.iter().for_each(|row| self.row(row, strings));
        Ok(())
    }

    fn run_ended(&mut self, run: RunSummary) -> Result<(), Infallible> {
        // No other log goes on with this run, so its end is settled at once.
        let mut strings = Strings::default();
        let tail = tail_rows(&run.carry, &mut strings);
        tail.iter().for_each(|row| self.row(row, &strings));
        Ok(())
    }
}

fn label(host: &str) -> String {
    traffic::host_label(host).to_owned()
}

fn open(log: &Path) -> files::OpenLog {
    files::open_log(log).unwrap_or_else(|error| panic!("{} cannot be read: {error}", log.display()))
}

/// Counts a log as the program does. Also says whether all its bytes are accounted for.
fn count(log: &Path) -> (Counted, bool) {
    let mut fold = LogFold::new(Options::default(), Counted::default());
    let (extent, outcome) =
        Reader::new(open(log), Limits::default()).for_each(|item| fold.take(item));
    outcome.expect("a log on a disk can be read to its end");
    let Ok((summary, counted)) = fold.finish();
    (counted, summary.accounting.total() == extent.bytes)
}

/// Adds up the printed values, as a script of five lines would.
fn naive(log: &Path) -> u64 {
    let mut sums = [Volume::ZERO; 3];
    let (_, outcome) = Reader::new(open(log), Limits::default()).for_each(|item| {
        if let Item::Frame(frame) = item {
            for row in frame.rows.iter() {
                let (up, down) = (row.up(), row.down());
                sums[row.kind() as usize].add(Volume { up, down });
            }
        }
    });
    outcome.expect("a log on a disk can be read to its end");
    let sums = sums.map(Volume::total);
    sums.into_iter().find(|sum| *sum > 0).unwrap_or_default()
}

/// Compares peers. A name that several addresses share is one peer: the log tells them apart only
/// until the name is known.
fn peers(truth: &Value, counted: &Counted) -> Vec<Compared> {
    if counted.peers.is_empty() {
        return Vec::new();
    }
    let mut groups: BTreeMap<String, (u64, Vec<String>)> = BTreeMap::new();
    for (address, bytes) in entries(&truth["per_peer"]) {
        let name = truth["ptr"][address].as_str().map(label);
        let group = groups
            .entry(name.unwrap_or_else(|| address.to_owned()))
            .or_default();
        group.0 += bytes;
        group.1.push(address.to_owned());
    }
    let groups = groups.into_iter().map(|(name, (truth, mut labels))| {
        labels.push(name.clone());
        labels.sort();
        labels.dedup();
        let counted = labels.iter().filter_map(|label| counted.peers.get(label));
        Compared {
            name,
            truth,
            counted: counted.sum(),
        }
    });
    groups.filter(|peer| peer.truth > LEAST_BYTES).collect()
}

fn owners(truth: &Value, counted: &Counted) -> (Vec<Compared>, Option<u64>, u64) {
    let is_known = entries(&truth["per_process"]).next().is_some();
    if counted.owners.is_empty() || !is_known {
        return (Vec::new(), None, 0);
    }
    let counted_of = |name: &str| counted.owners.get(name).copied().unwrap_or_default();
    let mut wrong = 0;
    let mut truths: BTreeMap<&str, u64> = entries(&truth["per_process"]).collect();
    let unrecorded = truths.remove(UNRECORDED).unwrap_or_default();
    for (name, bytes) in &counted.owners {
        let truth = truths.get(name.as_str()).copied().unwrap_or_default();
        if name != UNKNOWN {
            wrong += bytes.saturating_sub(truth);
        }
    }
    let owners = truths
        .into_iter()
        .filter(|(_, truth)| *truth > LEAST_BYTES)
        .map(|(name, truth)| Compared {
            name: name.to_owned(),
            truth,
            counted: counted_of(name),
        });
    // What nobody wrote down may rightly be anybody's.
    let wrong = wrong.saturating_sub(unrecorded);
    (owners.collect(), Some(counted_of(UNKNOWN)), wrong)
}

/// The entries `name: [up, down]` of an object, both directions together.
fn entries(object: &Value) -> impl Iterator<Item = (&str, u64)> {
    object
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, pair)| (name.as_str(), both(pair)))
}

fn both(pair: &Value) -> u64 {
    pair[0].as_u64().unwrap_or_default() + pair[1].as_u64().unwrap_or_default()
}

fn both_directions(object: &Value) -> u64 {
    ["up", "down"]
        .iter()
        .filter_map(|direction| object[direction].as_u64())
        .sum()
}
