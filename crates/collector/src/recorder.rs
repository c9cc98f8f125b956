//! Frames and notes on their way into the log, and what happens when the disk is full.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rawlog::{Begun, NOTES_FORMAT, Note, Quoted, Told, escape};

use crate::collect::{Event, Plan};
use crate::interfaces;
use crate::owners::Owners;
use crate::spool::Spool;

/// Bytes that wait while they cannot be written.
const MOST_WAITING: usize = 8 << 20;
/// How often trouble with the disk is told.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Seconds between two notes of the kernel's counters. They fall on full minutes, where buckets of the
/// history begin.
const COUNT_EVERY: i64 = 300;
const FIRST_COUNT: i64 = 60;

pub(crate) struct Recorder<'a> {
    plan: &'a Plan,
    spool: Spool,
    owners: Option<Owners>,
    /// What is to be written.
    waiting: Vec<u8>,
    /// The next frame begins a log.
    begins: bool,
    next_count: i64,
    trouble: Option<Instant>,
    pub(crate) frames: u64,
    pub(crate) logs: u64,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        Recorder {
            plan,
            spool: Spool::new(plan.folder.clone(), plan.rotate, plan.zone.clone()),
            owners: plan.pids.then(Owners::new),
            waiting: Vec::new(),
            begins: true,
            next_count: 0,
            trouble: None,
            frames: 0,
            logs: 0,
        }
    }

    /// Takes whole frames; gives how many there are.
    pub(crate) fn record(&mut self, frames: &[u8], tell: &mut dyn FnMut(Event)) -> u32 {
        let now = Timestamp::now();
        let time = now.as_second();
        if self.begins || self.spool.is_due(now) {
            self.rotate(now, tell);
        }
        let mut notes = Vec::new();
        if time >= self.next_count {
            self.next_count = (time / COUNT_EVERY + 1) * COUNT_EVERY;
            self.count(time, &mut notes);
        }
        if let Some(owners) = &mut self.owners {
            owners.look(frames, time, &mut notes);
        }
        self.put_notes(&notes);
        self.waiting.extend_from_slice(frames);
        self.write(tell);
        let header = b"Refreshing:\n";
        let headers = frames.windows(header.len()).filter(|text| text == header);
        let count = headers.count();
        self.frames += count as u64;
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Ends the log at hand; the next frame begins another one.
    pub(crate) fn end(&mut self, tell: &mut dyn FnMut(Event)) {
        if self.spool.path().is_some() {
            let mut notes = Vec::new();
            self.count(Timestamp::now().as_second(), &mut notes);
            self.put_notes(&notes);
            self.write(tell);
        }
        let outcome = self.spool.end();
        self.tell_trouble(outcome.err(), tell);
        self.begins = true;
    }

    /// Syncs what was written longer than so ago.
    pub(crate) fn sync(&mut self, after: Duration, tell: &mut dyn FnMut(Event)) {
        if let Err(error) = self.spool.sync(after, Instant::now()) {
            self.tell_trouble(Some(error), tell);
        }
    }

    /// What is done, for people.
    pub(crate) fn state(&self) -> String {
        match self.spool.path() {
            Some(path) => format!("writing {}, {} frames", files::show(path), self.frames),
            None => "waiting for bandwhich".to_owned(),
        }
    }

    fn rotate(&mut self, now: Timestamp, tell: &mut dyn FnMut(Event)) {
        let time = now.as_second();
        let mut counts = Vec::new();
        self.count(time, &mut counts);
        if !self.begins && self.spool.path().is_some() {
            if !self.waiting.is_empty() && !self.write(tell) {
                // What waits belongs into this log.
                return;
            }
            self.put_notes(&counts);
            if !self.write(tell) {
                return;
            }
        }
        if !self.spool.is_empty() || self.spool.is_due(now) {
            match self.spool.begin(now) {
                Ok(()) => self.logs += 1,
                Err(error) => return self.tell_trouble(Some(error), tell),
            }
            if let Some(path) = self.spool.path() {
                tell(Event::Done(format!("writes {}", files::show(path))));
            }
        }
        self.begins = false;
        self.next_count = (time / FIRST_COUNT + 1) * FIRST_COUNT;
        let mut head = Vec::new();
        self.introduce(time, &mut head);
        head.extend_from_slice(&counts);
        if let Some(owners) = &self.owners {
            owners.all(time, &mut head);
        }
        head.push(b'\n');
        self.waiting.splice(..0, head);
    }

    /// The first note of a log.
    fn introduce(&self, timestamp: i64, out: &mut Vec<u8>) {
        let bandwhich = escape(self.plan.version.as_bytes());
        let arguments = escape(self.plan.arguments.join(" ").as_bytes());
        let collector = escape(env!("CARGO_PKG_VERSION").as_bytes());
        let quoted = |text| Quoted::of_escaped(text).expect("it was just escaped");
        let told = Told::Begun(Begun {
            format: NOTES_FORMAT,
            collector: quoted(&collector),
            bandwhich: quoted(&bandwhich),
            arguments: quoted(&arguments),
        });
        Note { timestamp, told }.print(out);
    }

    fn count(&self, timestamp: i64, out: &mut Vec<u8>) {
        if self.plan.interfaces {
            interfaces::note(&interfaces::interfaces(), timestamp, out);
        }
    }

    fn put_notes(&mut self, notes: &[u8]) {
        if !notes.is_empty() {
            self.waiting.extend_from_slice(notes);
            self.waiting.push(b'\n');
        }
    }

    /// Writes what waits; gives whether that was possible.
    fn write(&mut self, tell: &mut dyn FnMut(Event)) -> bool {
        let written = match self.spool.path() {
            Some(_) => (self.spool.append(&self.waiting, Instant::now())).map_err(Some),
            // It could not be begun, and trouble was told.
            None => Err(None),
        };
        let Err(error) = written else {
            self.waiting.clear();
            if self.trouble.take().is_some() {
                tell(Event::Done("can write again, and goes on".to_owned()));
            }
            return true;
        };
        self.tell_trouble(error, tell);
        self.begins |= self.spool.path().is_none();
        if self.waiting.len() > MOST_WAITING {
            // What comes next does not follow on what was written.
            let bytes = self.waiting.len();
            self.waiting.clear();
            self.begins = true;
            tell(Event::Trouble(format!(
                "{bytes} bytes of frames could not be written and are lost"
            )));
        }
        false
    }

    fn tell_trouble(&mut self, error: Option<files::Error>, tell: &mut dyn FnMut(Event)) {
        let Some(error) = error else { return };
        let now = Instant::now();
        if self
            .trouble
            .is_some_and(|told| now.duration_since(told) < TELL_EVERY)
        {
            return;
        }
        self.trouble = Some(now);
        let wait = MOST_WAITING >> 20;
        tell(Event::Trouble(format!(
            "{error}; frames wait in memory, up to {wait} MiB, and it is tried again each second. \
             Make room, or set paths.log_dir to another disk"
        )));
    }
}
