//! A log, frame by frame → its runs, counted.

use rawlog::{
    Closing, Fault, Frame, Item, Reason, Row as LogRow, RowList, RowRef, Rows, frame_hash,
    looks_prefixed, may_become_line,
};

use crate::fold::{Observation, Restarted, RunFold, Style};
use crate::machine::Machine;
use crate::mode::{Counters, Fell, Mode, row_volume};
use crate::probe::{FrameComparison, Probe, Sights};
use crate::{DamagedLine, LogSummary, Row, RunSummary, Strings, Volume};

/// How a log is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Seconds of a bucket; divides 900.
    pub resolution: i64,
    /// What the values are; `None` to find out.
    pub mode: Option<Mode>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            resolution: 60,
            mode: None,
        }
    }
}

/// Stamps outside of these years (2010 to 2100) date nothing.
const PLAUSIBLE: std::ops::Range<i64> = 1_262_304_000..4_102_444_800;
/// Damaged lines that are kept as samples.
const SAMPLES: usize = 20;
/// Bytes of a damaged line that are kept.
const SAMPLE_BYTES: usize = 200;

/// Bytes of a torn frame that are joined; what goes on longer was not torn by a name.
const TORN_BYTES: usize = 8 << 20;

/// Bytes of frames that wait until it is known whether they hold rates or running sums.
const PROBE_BYTES: usize = 32 << 20;

/// Receives what a fold gives out.
pub trait Sink {
    /// What may go wrong in it.
    type Error;

    /// Takes rows of a run; their texts are in `strings`, which is only valid for this call.
    ///
    /// # Errors
    /// The fold gives out nothing more after the first error.
    fn rows(&mut self, run: u32, rows: &[Row], strings: &Strings) -> Result<(), Self::Error>;

    /// Takes the summary of a run, after all its rows.
    ///
    /// # Errors
    /// The fold gives out nothing more after the first error.
    fn run_ended(&mut self, summary: RunSummary) -> Result<(), Self::Error>;
}

/// A refresh that owns its text.
struct HeldFrame {
    text: Vec<u8>,
    /// Bytes of the text that no fault takes.
    bytes: u64,
    timestamp: Option<i64>,
    damaged: bool,
    legacy: bool,
    open: bool,
    whole: bool,
    complete: bool,
    /// The frame before it was cut off.
    after_cut: bool,
    /// What it tells beside the frame before, once it was looked at.
    sight: FrameComparison,
}

/// Frames that wait until it is known what they hold.
#[derive(Default)]
struct Waiting {
    probe: Probe,
    frames: Vec<HeldFrame>,
    text_bytes: usize,
}

/// A frame, or several that a name with line feeds tore apart.
struct Refresh<'a> {
    timestamp: Option<i64>,
    rows: Rows<'a>,
    text: &'a [u8],
    /// Hash of the text: its part of the run's identity. Nothing if there is no row.
    hash: u64,
    /// Bytes of the text that no fault takes.
    bytes: u64,
    damaged: bool,
    /// Without a head, and followed by the next one's rows: the form up to 0.16.0.
    legacy: bool,
    /// The last frame of a log without heads may still grow, the first of a log may lack its
    /// beginning: neither is part of the identity.
    open: bool,
    /// It has its head and its end, though its rest may come later: the identity of a run that has
    /// nothing else.
    complete: bool,
    /// What it tells beside the frame before, where it was looked at already.
    sight: Option<&'a FrameComparison>,
}

/// Folds the items of one log, in order.
pub struct LogFold<S: Sink> {
    options: Options,
    sink: S,
    error: Option<S::Error>,
    run: Option<Run>,
    /// The mode of the run before, which a short run is assumed to share.
    mode: Mode,
    torn: Option<HeldFrame>,
    /// What notes say of the machine, while there is no run that knows.
    machine: Machine,
    sights: Sights,
    /// First frame hash of each run.
    heads: Vec<u64>,
    cut_before: bool,
    /// The first run was noted to begin with the first frame.
    is_started: bool,
    runs: u32,
    summary: LogSummary,
}

struct Run {
    fold: RunFold,
    waiting: Option<Waiting>,
    counters: Option<Counters>,
    hashes: Vec<u64>,
    /// Bytes of frames that are no part of the identity.
    open_bytes: u64,
    text_bytes: u64,
    may_continue: bool,
    values: Vec<Volume>,
}

impl<S: Sink> LogFold<S> {
    /// A fold at the beginning of a log.
    pub fn new(options: Options, sink: S) -> Self {
        LogFold {
            options,
            sink,
            error: None,
            run: None,
            mode: options.mode.unwrap_or(Mode::Rate),
            torn: None,
            machine: Machine::default(),
            sights: Sights::default(),
            heads: Vec::new(),
            cut_before: false,
            is_started: false,
            runs: 0,
            summary: LogSummary::default(),
        }
    }

    /// Takes the next item of the log.
    pub fn take(&mut self, item: Item<'_>) {
        if self.error.is_some() {
            return;
        }
        match item {
            Item::Frame(frame) => self.frame(frame),
            Item::Fault(fault) => {
                self.fault(&fault);
                self.cut_before |= fault.reason == Reason::GluedHeader && self.torn.is_none();
            }
            Item::Note(note, bytes) => {
                self.summary.accounting.notes += bytes;
                self.note(&note);
            }
            Item::Filler(bytes) => self.summary.accounting.filler += bytes,
            Item::Unfinished(fault) => {
                self.summary.accounting.unfinished += fault.bytes;
                self.summary.has_begun |= may_become_line(fault.text);
            }
        }
    }

    /// Ends the log.
    ///
    /// # Errors
    /// The first error of the sink.
    pub fn finish(mut self) -> Result<(LogSummary, S), S::Error> {
        if let Some(torn) = self.torn.take() {
            // Its rest may come later, so it is no part of the identity.
            let complete = torn.whole && !torn.legacy && !torn.open;
            self.release(
                HeldFrame {
                    open: true,
                    complete,
                    ..torn
                },
                true,
            );
        }
        self.end_run(true);
        match self.error {
            Some(error) => Err(error),
            None => Ok((self.summary, self.sink)),
        }
    }

    fn fault(&mut self, fault: &Fault<'_>) {
        let summary = &mut self.summary;
        summary.accounting.damaged += fault.bytes;
        summary.damaged_lines += 1;
        if fault.reason == Reason::UnknownKind && looks_prefixed(fault.text) {
            summary.prefixed_lines += 1;
        }
        if summary.damaged.len() < SAMPLES {
            let text = &fault.text[..fault.text.len().min(SAMPLE_BYTES)];
            summary.damaged.push(DamagedLine {
                line: fault.line,
                offset: fault.offset,
                reason: fault.reason.to_string(),
                text: String::from_utf8_lossy(text).into_owned(),
            });
        }
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        let damaged: u64 = frame.faults.iter().map(|fault| fault.bytes).sum();
        let in_text = |fault: Fault<'_>| fault.bytes.min(fault.text.len() as u64 + 1);
        let bytes = frame.text.len() as u64 - frame.faults.iter().map(in_text).sum::<u64>();
        if frame.header && frame.closing == Closing::EndOfLog {
            // More may follow; the whole frame is read next time.
            self.summary.has_begun = true;
            self.summary.accounting.unfinished += bytes + damaged;
            return;
        }
        for fault in frame.faults.iter() {
            self.fault(&fault);
        }
        self.summary.rows += frame.rows.len() as u64;
        let frame_is_open = !frame.header && frame.closing == Closing::EndOfLog;
        let legacy = !frame.header && frame.closing != Closing::EmptyLine;
        // The log begins within a frame: what stands before is in another log.
        let headless = !frame.header && !legacy && self.runs == 0 && self.torn.is_none();
        let empty = frame.rows.is_empty() && frame.faults.is_empty() && !frame.idle;
        if empty && (frame.closing == Closing::EmptyLine || self.torn.is_some()) {
            self.summary.accounting.filler += bytes;
            return;
        }
        if let Some(torn) = &mut self.torn {
            let same = match (torn.timestamp, frame.timestamp) {
                (Some(before), Some(now)) => before == now && !repeats(&torn.text, frame.rows),
                (None, Some(_)) => true,
                (_, None) => !frame.idle,
            };
            if same && torn.text.len() + frame.text.len() <= TORN_BYTES {
                torn.text.extend_from_slice(frame.text);
                torn.bytes += bytes;
                torn.timestamp = torn.timestamp.or(frame.timestamp);
                torn.whole = frame.is_whole();
                torn.legacy &= legacy;
                torn.open |= frame_is_open;
                return;
            }
            if let Some(torn) = self.torn.take() {
                self.release(torn, frame.idle);
            }
        }
        let whole = frame.is_whole() || frame.closing == Closing::TooLong;
        if !frame.faults.is_empty() || !whole {
            self.torn = Some(HeldFrame {
                text: frame.text.to_vec(),
                bytes,
                timestamp: frame.timestamp,
                damaged: true,
                legacy,
                open: headless || frame_is_open,
                whole,
                complete: false,
                after_cut: false,
                sight: FrameComparison::default(),
            });
        } else {
            self.refresh(&Refresh {
                timestamp: frame.timestamp,
                rows: frame.rows,
                text: frame.text,
                hash: frame.hash,
                bytes,
                damaged: headless || frame.closing == Closing::TooLong,
                legacy,
                open: headless || frame_is_open,
                complete: frame.header,
                sight: None,
            });
        }
    }

    /// Goes on with a frame that was held because it is damaged or cut off. If a restart or the
    /// end of the log follows a cut frame, bandwhich ended within it: half a refresh has no exact
    /// total, so nothing in it is counted.
    fn release(&mut self, torn: HeldFrame, at_end_of_run: bool) {
        if torn.timestamp.is_none() {
            self.summary.accounting.filler += torn.bytes;
        } else if !torn.whole && at_end_of_run {
            self.cut(torn.bytes);
        } else {
            let rows = RowList::of(&torn.text);
            self.refresh(&torn.refresh(rows.rows(), None));
        }
    }

    /// A frame that was cut off: nothing in it is counted.
    fn cut(&mut self, bytes: u64) {
        self.summary.accounting.cut += bytes;
        self.summary.cut_frames += 1;
        self.cut_before = true;
    }

    /// One whole refresh.
    fn refresh(&mut self, refresh: &Refresh<'_>) {
        if let Some(time) = refresh.timestamp
            && !PLAUSIBLE.contains(&time)
        {
            return self.undated(refresh);
        }
        self.summary.frames += 1;
        match refresh.timestamp {
            Some(_) => self.summary.accounting.frames += refresh.bytes,
            None => {
                self.summary.idle_frames += 1;
                self.summary.accounting.idle += refresh.bytes;
            }
        }
        self.count(refresh);
    }

    fn undated(&mut self, refresh: &Refresh<'_>) {
        let summary = &mut self.summary;
        summary.accounting.undated += refresh.bytes;
        summary.undated_frames += 1;
        let mut sums = [0u64; 3];
        for row in refresh.rows.iter() {
            let sum = &mut sums[row.kind() as usize];
            *sum = sum.saturating_add(row_volume(row).total());
        }
        let claimed = sums.into_iter().max().unwrap_or(0);
        summary.undated_bytes = summary.undated_bytes.saturating_add(claimed);
        if let Some(run) = &mut self.run {
            run.fold.skip();
        }
    }

    fn count(&mut self, refresh: &Refresh<'_>) {
        let hash = refresh.timestamp.map(|_| refresh.hash);
        let resumed =
            (self.run.as_ref()).and_then(|run| run.fold.resumes_elsewhere(refresh.timestamp?));
        if resumed.is_some() || self.begins_other_run(refresh, hash) {
            if let (Some(run), Some(_)) = (&mut self.run, resumed) {
                run.fold.settle_end(refresh.timestamp);
            }
            self.end_run(false);
        }
        if self.run.is_none() {
            self.begin_run(refresh, resumed);
        }
        let cut_before = std::mem::take(&mut self.cut_before);
        let Some(run) = &mut self.run else { return };
        if let Some(waiting) = &run.waiting {
            // Idle frames before any traffic tell nothing and need not wait.
            if refresh.timestamp.is_none() && waiting.frames.is_empty() {
                let restarted = run.fold.idle().is_err();
                debug_assert!(!restarted, "nothing was seen that could be missed");
                run.text_bytes += refresh.bytes;
                return;
            }
            let sight = match refresh.sight {
                Some(sight) => sight.clone(),
                None if refresh.timestamp.is_none() => FrameComparison::default(),
                None => self.sights.look(refresh.rows, waiting.probe.first()),
            };
            let held = HeldFrame {
                text: refresh.text.to_vec(),
                bytes: refresh.bytes,
                timestamp: refresh.timestamp,
                damaged: refresh.damaged,
                after_cut: cut_before,
                legacy: refresh.legacy,
                open: refresh.open,
                whole: true,
                complete: refresh.complete,
                sight,
            };
            return self.wait(held);
        }
        let outcome = match refresh.timestamp {
            // bandwhich begins with an idle frame.
            None if cut_before && run.fold.last_time().is_some() => Err(Restarted),
            _ => run.fold(refresh),
        };
        match outcome {
            Ok(()) => {
                run.text_bytes += refresh.bytes;
                if let Some(hash) = hash {
                    if refresh.open && !(refresh.complete && run.hashes.is_empty()) {
                        run.open_bytes += refresh.bytes;
                    } else {
                        if run.hashes.is_empty() {
                            self.heads.push(hash);
                        }
                        run.hashes.push(hash);
                    }
                }
                if run.fold.batch_is_full() {
                    self.give_rows(false);
                }
            }
            Err(Restarted) => {
                self.end_run(false);
                self.count(refresh);
            }
        }
    }

    /// Whether the frame cannot belong to the run at hand for its form or its content.
    fn begins_other_run(&self, refresh: &Refresh<'_>, hash: Option<u64>) -> bool {
        let Some(run) = &self.run else { return false };
        let legacy = run.fold.style() == Style::Legacy;
        if legacy && !refresh.legacy {
            // A newer version went on in the same file. (A frame without head within a log with
            // heads is a torn one, not another version.)
            return true;
        }
        if !legacy
            && refresh.legacy
            && let (Some(now), Some(last)) = (refresh.timestamp, run.fold.last_time())
            && now.abs_diff(last) > 3
        {
            // An older version's log was put behind.
            return true;
        }
        // A copied stretch begins with a frame that began a run before, and goes back in time.
        match (refresh.timestamp, run.fold.last_time(), hash) {
            (Some(now), Some(last), Some(hash)) => now < last && self.heads.contains(&hash),
            _ => false,
        }
    }

    fn begin_run(&mut self, refresh: &Refresh<'_>, resumed: Option<u64>) {
        let first = self.runs == 0;
        let style = match refresh.timestamp {
            Some(_) if refresh.legacy => Style::Legacy,
            Some(_) if first && !self.is_started => Style::Continued,
            Some(_) if let Some(idle) = resumed => Style::Resumed(idle),
            _ => Style::Fresh,
        };
        let waiting = (self.options.mode.is_none()).then(Waiting::default);
        let counters = (self.options.mode == Some(Mode::Cumulative))
            .then(|| Counters::new(style == Style::Fresh));
        self.run = Some(Run {
            fold: RunFold::new(
                self.options.resolution,
                style,
                std::mem::take(&mut self.machine),
            ),
            waiting,
            counters,
            hashes: Vec::new(),
            open_bytes: 0,
            text_bytes: 0,
            may_continue: first && style == Style::Continued,
            values: Vec::new(),
        });
        self.runs += 1;
    }

    /// Lets a frame wait until it is known what the run holds.
    fn wait(&mut self, held: HeldFrame) {
        let Some(Run {
            waiting: Some(waiting),
            ..
        }) = &mut self.run
        else {
            return;
        };
        let probe = &mut waiting.probe;
        let verdict = match held.timestamp {
            // So much text is no ordinary beginning.
            Some(_) if waiting.text_bytes > PROBE_BYTES => {
                Some(probe.verdict().unwrap_or(Mode::Rate))
            }
            // Running sums never go idle.
            None => Some(probe.verdict().unwrap_or(Mode::Rate)),
            Some(_) => probe.look(&held.sight),
        };
        waiting.text_bytes += held.text.len();
        waiting.frames.push(held);
        if let Some(mode) = verdict {
            self.decide(mode);
        }
    }

    /// Settles the mode of the run at hand and folds the frames that waited for it.
    fn decide(&mut self, mode: Mode) {
        let Some(run) = &mut self.run else { return };
        let Some(waiting) = run.waiting.take() else {
            return;
        };
        self.mode = mode;
        let begun = run.fold.style() == Style::Fresh || waiting.probe.has_just_begun();
        run.counters = (mode == Mode::Cumulative).then(|| Counters::new(begun));
        for held in waiting.frames {
            // A run that was restarted before lets the rest of them wait again.
            let goes_on_waiting = self.run.as_ref().is_some_and(|run| {
                let legacy = run.fold.style() == Style::Legacy;
                (run.waiting.as_ref()).is_some_and(|waiting| !waiting.frames.is_empty())
                    && (held.legacy || !legacy)
            });
            if goes_on_waiting {
                self.wait(held);
                continue;
            }
            let rows = RowList::of(&held.text);
            self.cut_before = held.after_cut;
            self.count(&held.refresh(rows.rows(), Some(&held.sight)));
        }
    }

    fn give_rows(&mut self, last: bool) {
        let Some(run) = &mut self.run else { return };
        let (sink, error) = (&mut self.sink, &mut self.error);
        let number = self.runs - 1;
        run.fold.give_rows(last, |rows, strings| {
            if error.is_none() && !rows.is_empty() {
                *error = sink.rows(number, rows, strings).err();
            }
        });
    }

    fn end_run(&mut self, with_log: bool) {
        while let Some(Run {
            waiting: Some(waiting),
            ..
        }) = &self.run
        {
            // Too short to tell: assume what the run before was.
            let mode = waiting.probe.verdict().unwrap_or(self.mode);
            self.decide(mode);
        }
        if let Some(Run {
            hashes, open_bytes, ..
        }) = &self.run
            && hashes.is_empty()
            && *open_bytes > 0
        {
            // A single frame that may be incomplete: it is read next time.
            let accounting = &mut self.summary.accounting;
            accounting.frames = accounting.frames.saturating_sub(*open_bytes);
            accounting.unfinished += *open_bytes;
            self.summary.frames -= 1;
            self.run = None;
            self.runs -= 1;
            return;
        }
        let Some(run) = &mut self.run else { return };
        run.fold.settle_end(None);
        let carry = run.fold.end(with_log || run.may_continue);
        self.give_rows(true);
        let Some(run) = self.run.take() else { return };
        let Run {
            mut fold, hashes, ..
        } = run;
        let owners = fold.machine.owners.noted;
        self.machine = std::mem::take(&mut fold.machine);
        let Some(last) = fold.end_time() else {
            self.summary.timeless_frames += fold.frames;
            self.summary.runs = self.runs;
            return;
        };
        let summary = RunSummary {
            run: self.runs - 1,
            hashes,
            frames: fold.frames,
            idle_frames: fold.idle_frames,
            first: fold.first_time,
            last: Some(last),
            extremes: fold.extremes(),
            mode: if run.counters.is_some() {
                Mode::Cumulative
            } else {
                Mode::Rate
            },
            framed: fold.style() != Style::Legacy,
            may_continue: run.may_continue,
            may_go_on: with_log,
            carry,
            facts: fold.facts,
            disagreement: fold.disagreement,
            doubled: fold.doubled,
            turned: fold.turned,
            clock_steps: fold.clock_steps,
            text_bytes: run.text_bytes,
            owners,
        };
        self.summary.runs = self.runs;
        if self.error.is_none() {
            self.error = self.sink.run_ended(summary).err();
        }
    }
}

impl Run {
    fn fold(&mut self, refresh: &Refresh<'_>) -> Result<(), Restarted> {
        let Some(timestamp) = refresh.timestamp else {
            if self
                .counters
                .as_ref()
                .is_some_and(|counters| !counters.is_empty())
            {
                // Running sums stay; they are gone only after a restart.
                return Err(Restarted);
            }
            return self.fold.idle();
        };
        if let Some(counters) = &mut self.counters {
            counters
                .differences(refresh.rows, &mut self.values)
                .map_err(|Fell| Restarted)?;
        }
        self.fold.traffic(&Observation {
            timestamp,
            rows: refresh.rows,
            differences: self.counters.is_some().then_some(&self.values),
            damaged: refresh.damaged,
        })
    }
}

impl HeldFrame {
    fn refresh<'a>(&'a self, rows: Rows<'a>, sight: Option<&'a FrameComparison>) -> Refresh<'a> {
        Refresh {
            timestamp: self.timestamp,
            rows,
            text: &self.text,
            hash: frame_hash(&self.text),
            bytes: self.bytes,
            damaged: self.damaged,
            legacy: self.legacy,
            open: self.open,
            complete: self.complete,
            sight,
        }
    }
}

/// Whether the first row stands in the text already: then it is the next refresh.
fn repeats(text: &[u8], rows: Rows<'_>) -> bool {
    let Some(first) = rows.iter().next() else {
        return false;
    };
    let before = RowList::of(text);
    let mut before = before.rows().iter();
    let same = |row: RowRef<'_>| match (row.row(), first.row()) {
        (LogRow::Connection(a), LogRow::Connection(b)) => {
            a.interface == b.interface && row.ends() == first.ends()
        }
        (LogRow::Address(a), LogRow::Address(b)) => a.host == b.host,
        _ => false,
    };
    before
        .clone()
        .last()
        .is_some_and(|last| last.kind() > first.kind())
        || before.any(same)
}

mod notes;
#[cfg(test)]
mod tests;
