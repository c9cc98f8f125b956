//! Frames and notes on their way into the log, and what happens when the disk is full.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::capture::{Capture, Passed, Socket};
use crate::interfaces::{self, Interface};
use crate::network::Network;
use crate::notes;
use crate::owners::Owners;
use crate::plan::{Event, Plan};
use crate::spool::Spool;
use crate::state::State;

/// Bytes that wait while they cannot be written.
const MOST_WAITING: usize = 8 << 20;
/// How often trouble with the disk is told.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Seconds between two notes of the kernel's counters. They fall on full minutes, where buckets of the
/// history begin.
const COUNT_EVERY: i64 = 60;
/// A frame comes within this time.
const LONGEST_FRAME: Duration = Duration::from_secs(1);
/// Seconds by which a frame's stamp may be off. bandwhich is killed if it prints nothing for half as long.
const LATEST_STAMP: u64 = 60;
/// How long bandwhich's first sockets are waited for, after how long without another one they are all, and the
/// pause between two looks.
const FIRST_SOCKETS: Duration = Duration::from_millis(400);
const LAST_SOCKET: Duration = Duration::from_millis(40);
const SOCKET_LOOK: Duration = Duration::from_millis(1);

pub(crate) struct Recorder<'a> {
    plan: &'a Plan,
    /// What bandwhich was started with.
    arguments: Vec<String>,
    spool: Spool,
    owners: Option<Owners>,
    pub(crate) capture: Capture,
    /// The addresses and interfaces that the log tells of.
    network: Network,
    /// The interfaces with their counters, as of the last frame or note of them.
    interfaces: Vec<Interface>,
    /// The same of when the frame at hand began to come, and when that was.
    of_frame: Option<(Instant, Vec<Interface>)>,
    /// What is to be written.
    waiting: Vec<u8>,
    /// What comes next begins a log.
    begins: bool,
    /// The counters of when bandwhich was started, for the head of its first log.
    first_counts: Option<Vec<u8>>,
    /// Those of the last frame of a bandwhich in whose place another was started, for the end of its log.
    last_counts: Option<Vec<u8>>,
    next_count: i64,
    /// Whether the next log waits for one more frame.
    is_put_off: bool,
    trouble: Option<Instant>,
    last_frame: Option<i64>,
    pub(crate) frames: u64,
    pub(crate) logs: u64,
}

impl<'a> Recorder<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        Recorder {
            plan,
            arguments: plan.arguments.clone(),
            spool: Spool::new(plan.folder.clone(), plan.rotate, plan.zone.clone()),
            owners: plan.pids.then(Owners::new),
            capture: Capture::new(plan.capture_buffer),
            network: Network::default(),
            interfaces: Vec::new(),
            of_frame: None,
            waiting: Vec::new(),
            begins: true,
            first_counts: None,
            last_counts: None,
            next_count: 0,
            is_put_off: false,
            trouble: None,
            last_frame: None,
            frames: 0,
            logs: 0,
        }
    }

    /// Takes whole frames; gives how many there are.
    ///
    /// Counters are read, and the next log is begun, right after a frame: then as little as can be was
    /// counted by the kernel and not yet by bandwhich.
    pub(crate) fn record(&mut self, frames: &[u8], tell: &mut dyn FnMut(Event)) -> u32 {
        let now = Timestamp::now();
        let time = now.as_second();
        if self.begins {
            let counts = match self.first_counts.take() {
                Some(mut counts) => {
                    notes::started(time, &mut counts);
                    counts
                }
                None => self.counts(time, tell),
            };
            self.begin(now, &counts, tell);
        }
        let mut notes = Vec::new();
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
        self.last_frame = Some(time);
        // If several came at once, or one took long, it began before the last was counted.
        let of_frame = (self.of_frame.take())
            .filter(|(begun, _)| count == 1 && begun.elapsed() < LONGEST_FRAME);
        match of_frame {
            Some((_, interfaces)) => self.interfaces = interfaces,
            None if self.plan.interfaces => interfaces::recount(&mut self.interfaces),
            None => {}
        }
        let is_due = self.spool.path().is_some() && self.spool.is_due(now);
        if is_due && !self.awaits_time(frames, time) {
            self.rotate(now, tell);
        } else if time >= self.next_count || self.next_count - time > COUNT_EVERY {
            // On the minute, also where the clock was set back.
            self.count_now(tell);
        }
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Whether the clock was set since bandwhich stamped its last frame, so that the log is to go on until a frame
    /// has the new time: readers join two logs whose times meet.
    fn awaits_time(&mut self, frames: &[u8], now: i64) -> bool {
        let is_of_before = stamp(frames).is_some_and(|stamp| stamp.abs_diff(now) > LATEST_STAMP);
        self.is_put_off = is_of_before && !self.is_put_off;
        self.is_put_off
    }

    /// A frame begins to come: bandwhich counted what is in it a moment ago. Its end is seen later.
    pub(crate) fn expect_frame(&mut self) {
        if self.plan.interfaces {
            let mut interfaces = self.interfaces.clone();
            interfaces::recount(&mut interfaces);
            self.of_frame = Some((Instant::now(), interfaces));
        }
    }

    /// A bandwhich was started, after there were these sockets: its log begins with the counters of when it
    /// opened its own, not with those of its first frame.
    pub(crate) fn follow(
        &mut self,
        pid: u32,
        arguments: Vec<String>,
        others: &[Socket],
        tell: &mut dyn FnMut(Event),
    ) {
        let time = Timestamp::now().as_second();
        self.arguments = arguments;
        self.of_frame = None;
        if !self.begins {
            // The log of the one before it is yet to be ended.
            self.last_counts = Some(self.count_notes(self.last_frame.unwrap_or(time), tell));
        }
        if self.plan.interfaces {
            self.interfaces = interfaces::interfaces();
        }
        self.capture.follow(pid, Instant::now());
        if self.plan.interfaces {
            self.await_sockets(others, tell);
        }
        let time = Timestamp::now().as_second();
        self.first_counts = Some(self.count_notes(time, tell));
    }

    /// Takes the counters of each interface when its socket is there: from then on bandwhich misses nothing.
    /// Those of an interface whose socket takes long stay as they were at the start.
    fn await_sockets(&mut self, others: &[Socket], tell: &mut dyn FnMut(Event)) {
        let begun = Instant::now();
        let mut newest = begun;
        let mut made: HashMap<u32, Vec<Interface>> = HashMap::new();
        let new = loop {
            let mut new = self.capture.sockets();
            new.retain(|socket| others.iter().all(|other| other.inode != socket.inode));
            if new.iter().any(|socket| !made.contains_key(&socket.inode)) {
                newest = Instant::now();
                let mut interfaces = self.interfaces.clone();
                interfaces::recount(&mut interfaces);
                for socket in &new {
                    let counts = made.entry(socket.inode);
                    counts.or_insert_with(|| interfaces.clone());
                }
            }
            self.capture.tick(Instant::now(), &self.network, tell);
            let are_all = !new.is_empty() && new.iter().all(|socket| socket.link != 0);
            let is_quiet = are_all && newest.elapsed() > LAST_SOCKET;
            if is_quiet || !self.capture.sees_sockets() || begun.elapsed() > FIRST_SOCKETS {
                break new;
            }
            std::thread::sleep(SOCKET_LOOK);
        };
        for socket in new {
            let link = self.network.links.get(&socket.link);
            let at = |interfaces: &[Interface]| {
                let name = &link?.name;
                interfaces
                    .iter()
                    .position(|interface| interface.name == *name)
            };
            let counts = made.get(&socket.inode);
            if let (Some(here), Some(counts)) = (at(&self.interfaces), counts)
                && let Some(there) = at(counts)
            {
                self.interfaces[here] = counts[there].clone();
            }
        }
    }

    /// Notes what the kernel counted until now.
    pub(crate) fn count_now(&mut self, tell: &mut dyn FnMut(Event)) {
        if self.begins {
            return;
        }
        let time = Timestamp::now().as_second();
        self.next_count = next_count(time);
        let counts = self.counts(time, tell);
        self.put_notes(&counts);
        self.write(tell);
    }

    /// Notes what changed of the addresses and interfaces.
    pub(crate) fn see(&mut self, network: &Network, tell: &mut dyn FnMut(Event)) {
        if !self.begins {
            let mut notes = Vec::new();
            let time = Timestamp::now().as_second();
            notes::network(&self.network, network, time, &mut notes);
            self.put_notes(&notes);
            self.write(tell);
        }
        self.network = network.clone();
    }

    /// Looks at bandwhich's sockets if that is due.
    pub(crate) fn look_at_capture(&mut self, now: Instant, tell: &mut dyn FnMut(Event)) {
        self.capture.tick(now, &self.network, tell);
    }

    /// Adds what bandwhich's sockets dropped until now to the sums, without a note.
    pub(crate) fn count_drops(&mut self, tell: &mut dyn FnMut(Event)) {
        self.capture.look(&self.network, tell);
    }

    /// Ends the log, for bandwhich ended and this is why; the next frame begins another one.
    pub(crate) fn end(&mut self, reason: &str, tell: &mut dyn FnMut(Event)) {
        if self.spool.path().is_some() {
            let time = Timestamp::now().as_second();
            // The counters of the last frame, so that what passed since is seen to be missing.
            let mut notes = match self.last_counts.take() {
                Some(counts) => counts,
                None => self.count_notes(self.last_frame.unwrap_or(time), tell),
            };
            notes::stopped(reason, time, &mut notes);
            self.put_notes(&notes);
            self.write(tell);
        }
        let outcome = self.spool.end();
        self.tell_trouble(outcome.err(), tell);
        self.begins = true;
    }

    /// Syncs what was written longer than so ago. Gives whether the log, or its folder, was found to be
    /// gone: then another is begun.
    pub(crate) fn sync(&mut self, after: Duration, tell: &mut dyn FnMut(Event)) -> bool {
        if !self.spool.must_sync(after, Instant::now()) {
            return false;
        }
        if let Some(lost) = self.spool.give_up_lost() {
            let lost = files::show(&lost);
            tell(Event::Trouble(format!(
                "{lost} was deleted or moved; what comes now goes into a new log"
            )));
            let now = Timestamp::now();
            let counts = self.counts(now.as_second(), tell);
            self.begin(now, &counts, tell);
            self.write(tell);
            return true;
        }
        if let Err(error) = self.spool.sync() {
            self.tell_trouble(Some(error), tell);
        }
        false
    }

    /// What is done, for people.
    pub(crate) fn summary(&self) -> String {
        match self.spool.path() {
            Some(path) => format!("writing {}, {} frames", files::show(path), self.frames),
            None => "waiting for bandwhich".to_owned(),
        }
    }

    /// What is done, for programs.
    pub(crate) fn state(&self) -> State {
        let mut sum = Passed::default();
        for (_, passed) in self.capture.passed() {
            sum.packets += passed.packets;
            sum.dropped += passed.dropped;
        }
        State {
            pid: std::process::id(),
            written: Timestamp::now().as_second(),
            interfaces: self.capture.interfaces().map(str::to_owned).collect(),
            log: self.spool.path().map(ToOwned::to_owned),
            frames: self.frames,
            last_frame: self.last_frame,
            packets: sum.packets,
            dropped_packets: sum.dropped,
            ..State::default()
        }
    }

    /// Ends the log of an hour or day with the counts that the next one begins with.
    fn rotate(&mut self, now: Timestamp, tell: &mut dyn FnMut(Event)) {
        if !self.waiting.is_empty() && !self.write(tell) {
            // What waits belongs into this log.
            return;
        }
        let counts = self.counts(now.as_second(), tell);
        self.put_notes(&counts);
        if self.write(tell) {
            self.begin(now, &counts, tell);
            self.write(tell);
        }
    }

    /// Begins a log and puts its head before what waits.
    fn begin(&mut self, now: Timestamp, counts: &[u8], tell: &mut dyn FnMut(Event)) {
        let time = now.as_second();
        // One that holds nothing yet was begun on a full disk.
        if !self.spool.is_empty() || self.spool.is_due(now) {
            match self.spool.begin(now) {
                Ok(()) => self.logs += 1,
                Err(error) => {
                    self.begins = true;
                    return self.tell_trouble(Some(error), tell);
                }
            }
            if let Some(path) = self.spool.path() {
                tell(Event::Done(format!("writes {}", files::show(path))));
            }
        }
        self.begins = false;
        self.next_count = next_count(time);
        let mut head = Vec::new();
        notes::begun(self.plan, &self.arguments, time, &mut head);
        head.extend_from_slice(counts);
        notes::network(&Network::default(), &self.network, time, &mut head);
        if let Some(owners) = &self.owners {
            owners.all(time, &mut head);
        }
        head.push(b'\n');
        self.waiting.splice(..0, head);
    }

    /// Notes of the kernel's counters of now, and of what passed the capture.
    fn counts(&mut self, time: i64, tell: &mut dyn FnMut(Event)) -> Vec<u8> {
        self.of_frame = None;
        if self.plan.interfaces {
            self.interfaces = interfaces::interfaces();
        }
        self.count_notes(time, tell)
    }

    /// The same of when they were read last.
    fn count_notes(&mut self, time: i64, tell: &mut dyn FnMut(Event)) -> Vec<u8> {
        let mut notes = Vec::new();
        if self.plan.interfaces {
            interfaces::note(&self.interfaces, time, &mut notes);
            self.capture.count(&self.interfaces, &self.network, tell);
            for (name, passed) in self.capture.passed() {
                notes::capture(name, passed, time, &mut notes);
            }
        }
        notes
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

/// The time of the last of these frames, by its first row.
fn stamp(frames: &[u8]) -> Option<i64> {
    const HEADER: &[u8] = b"Refreshing:\n";
    let at = (frames.windows(HEADER.len())).rposition(|text| text == HEADER)?;
    let row = frames
        .get(at + HEADER.len()..)?
        .split(|byte| *byte == b'\n')
        .next()?;
    let at = row.windows(3).position(|text| text == b": <")?;
    let number = row.get(at + 3..)?.split(|byte| *byte == b'>').next()?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

fn next_count(time: i64) -> i64 {
    (time.div_euclid(COUNT_EVERY) + 1) * COUNT_EVERY
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::path::Path;

    use jiff::tz::TimeZone;

    use super::*;
    use crate::Rotate;

    const FRAME: &[u8] = b"Refreshing:\n<NO TRAFFIC>\n\n";
    /// More than others send over loopback meanwhile.
    const MUCH: u64 = 8_000_000;

    fn plan(folder: &Path) -> Plan {
        Plan {
            program: "bandwhich".into(),
            arguments: vec!["--raw".to_owned()],
            version: "0.23.1".to_owned(),
            folder: folder.to_owned(),
            rotate: Rotate::Daily,
            zone: TimeZone::UTC,
            pids: false,
            interfaces: true,
            capture_buffer: 0,
            prefers_uplink: false,
            sync: Duration::from_secs(5),
        }
    }

    /// Sends so much over loopback that its counters grow by `MUCH` at least.
    fn send_much() {
        let here = UdpSocket::bind("127.0.0.1:0").unwrap();
        let piece = [0; 50_000];
        for _ in 0..MUCH / 50_000 {
            here.send_to(&piece, here.local_addr().unwrap()).unwrap();
        }
    }

    /// What loopback had received by each note of the log.
    fn received(folder: &Path) -> Vec<u64> {
        let mut logs: Vec<_> = std::fs::read_dir(folder).unwrap().flatten().collect();
        logs.sort_by_key(std::fs::DirEntry::path);
        let text: String = (logs.iter())
            .map(|log| std::fs::read_to_string(log.path()).unwrap())
            .collect();
        let counts = text
            .split(" interface \"lo\" loopback received ")
            .skip(1)
            .map(|rest| rest.split('/').next().unwrap().parse().unwrap());
        counts.collect()
    }

    /// What the kernel counted until the end of a log beyond its beginning, if its last frames came so.
    fn counted(come: impl FnOnce(&mut Recorder<'_>, &mut dyn FnMut(Event))) -> u64 {
        let folder = tempfile::tempdir().unwrap();
        let plan = plan(folder.path());
        let mut recorder = Recorder::new(&plan);
        let tell = &mut |_| {};
        recorder.expect_frame();
        recorder.record(FRAME, tell);
        come(&mut recorder, tell);
        recorder.end("ended", tell);
        let received = received(folder.path());
        received.last().unwrap() - received.first().unwrap()
    }

    #[test]
    fn a_log_goes_on_until_a_frame_has_the_time_of_a_clock_that_was_set() {
        let folder = tempfile::tempdir().unwrap();
        let mut plan = plan(folder.path());
        plan.rotate = Rotate::Hourly;
        let now = Timestamp::now();
        let two_hours_ago = Timestamp::from_second(now.as_second() - 7200).unwrap();
        let frame = |time: Timestamp| {
            let time = time.as_second();
            format!("Refreshing:\nprocess: <{time}> \"x\" up/down Bps: 1/1 connections: 1\n\n")
        };
        let tell = &mut |_| {};
        let begun = |recorder: &mut Recorder<'_>, tell: &mut dyn FnMut(Event)| {
            recorder.begin(two_hours_ago, b"", tell);
            recorder.write(tell);
        };
        let mut recorder = Recorder::new(&plan);
        begun(&mut recorder, tell);
        recorder.record(frame(two_hours_ago).as_bytes(), tell);
        assert_eq!(recorder.logs, 1);
        recorder.record(frame(now).as_bytes(), tell);
        assert_eq!(recorder.logs, 2);
        // It waits for one frame and no more, and for none where frames have the time or no time.
        begun(&mut recorder, tell);
        recorder.record(frame(two_hours_ago).as_bytes(), tell);
        assert_eq!(recorder.logs, 3);
        recorder.record(frame(two_hours_ago).as_bytes(), tell);
        assert_eq!(recorder.logs, 4);
        for frame in [frame(now).as_bytes(), FRAME] {
            begun(&mut recorder, tell);
            let before = recorder.logs;
            recorder.record(frame, tell);
            assert_eq!(recorder.logs, before + 1);
        }
    }

    #[test]
    fn a_log_ends_with_the_counters_of_when_its_last_frame_was_counted() {
        if UdpSocket::bind("127.0.0.1:0").is_err() {
            return;
        }
        // What passes while a frame comes is not in it.
        let alone = counted(|recorder, tell| {
            recorder.expect_frame();
            send_much();
            recorder.record(FRAME, tell);
        });
        assert!(alone < MUCH, "{alone}");
        // Of two frames that come as one, the first began to come before the second was counted.
        let as_one = counted(|recorder, tell| {
            recorder.expect_frame();
            send_much();
            recorder.record(&[FRAME, FRAME].concat(), tell);
        });
        assert!(as_one >= MUCH, "{as_one}");
        // And so may one that took long.
        let slow = counted(|recorder, tell| {
            recorder.expect_frame();
            std::thread::sleep(LONGEST_FRAME);
            send_much();
            recorder.record(FRAME, tell);
        });
        assert!(slow >= MUCH, "{slow}");
    }
}
