//! Runs bandwhich, again and again, until a signal asks to stop.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sd_notify::NotifyState;

use crate::child::{Bandwhich, Sign};
use crate::frames::Frames;
use crate::network::{Network, Watch};
use crate::pace::{Pace, Pauses, Restarts};
use crate::plan::{CollectError, Ending, Event, Plan, hold};
use crate::recorder::Recorder;
use crate::routed::Routed;
use crate::service::{Watchdog, notify};
use crate::watched_interface;

/// Silence that ends a frame. bandwhich prints one within milliseconds and then waits for the rest of
/// its second.
const SILENCE: Duration = Duration::from_millis(100);
/// The same before a restart, where each millisecond is traffic that nobody counts.
const SHORT_SILENCE: Duration = Duration::from_millis(20);
/// How long a restart waits for a frame.
const FRAME_PATIENCE: Duration = Duration::from_secs(3);
/// bandwhich prints once a second; on a machine with very many open files every few seconds. A silence that
/// is longer is told when it ends.
const LONG_SILENCE: Duration = Duration::from_secs(6);
/// Silence that ends bandwhich. Until then what arrives waits in its buffer.
const DEAD_SILENCE: Duration = Duration::from_secs(30);
/// How long the frame at hand may take to end once a signal came.
const LAST_FRAME: Duration = Duration::from_millis(300);
/// What is still in the pipe when bandwhich was killed comes at once.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// Refreshes that take longer are slow.
const SLOW: f64 = 1.25;
/// Lines of bandwhich's standard error that are passed on in an hour.
const SAID_IN_AN_HOUR: u32 = 20;
const HOUR: Duration = Duration::from_secs(3600);
/// How often it is looked what is routed, if the network does not change.
const ROUTED_EVERY: Duration = Duration::from_secs(10);

/// Why a bandwhich that is well is to be started again.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Change {
    /// It does not know addresses of these interfaces.
    Addresses(String),
    /// It is to watch one interface alone, or all again.
    Watch(String),
}

impl Change {
    /// The reason, as the log notes it.
    fn reason(&self) -> String {
        match self {
            Change::Addresses(interfaces) => format!("addresses changed: {interfaces}"),
            Change::Watch(what) => what.clone(),
        }
    }
}

/// How a run of bandwhich ended.
enum Run {
    Stopped(u8),
    /// Another may run already.
    Outdated(Change, Option<Bandwhich>),
    Failed(String),
}

impl Run {
    /// The reason, as the log notes it.
    fn reason(&self) -> String {
        match self {
            Run::Stopped(_) => "asked to stop".to_owned(),
            Run::Outdated(change, _) => change.reason(),
            Run::Failed(why) => why.clone(),
        }
    }
}

pub(crate) struct Session<'a> {
    plan: &'a Plan,
    lock: files::Lock,
    recorder: Recorder<'a>,
    watch: Watch,
    /// The network as bandwhich knows it, and the interface that it was told to watch alone because of what is
    /// routed.
    known: Network,
    alone: Option<String>,
    /// What is routed, and when it is looked at next.
    routed: Option<Routed>,
    routed_due: Instant,
    /// Why bandwhich is to be started again.
    change: Option<Change>,
    restarts: Restarts,
    /// Whether a restart was put off, which is told once.
    is_put_off: bool,
    watchdog: Watchdog,
    started: i64,
    starts: u64,
    /// Why bandwhich does not run.
    failure: Option<String>,
    /// Lines of standard error that were passed on since then.
    said: (u32, Instant),
    slow_told: Option<Instant>,
    silence_told: Option<Instant>,
    tell: &'a mut dyn FnMut(Event),
}

impl<'a> Session<'a> {
    pub(crate) fn new(plan: &'a Plan, lock: files::Lock, tell: &'a mut dyn FnMut(Event)) -> Self {
        Session {
            plan,
            lock,
            recorder: Recorder::new(plan),
            watch: Watch::new(),
            known: Network::default(),
            alone: None,
            routed: None,
            routed_due: Instant::now(),
            change: None,
            restarts: Restarts::new(Instant::now()),
            is_put_off: false,
            watchdog: Watchdog::new(),
            started: Timestamp::now().as_second(),
            starts: 0,
            failure: None,
            said: (0, Instant::now()),
            slow_told: None,
            silence_told: None,
            tell,
        }
    }

    pub(crate) fn run(mut self) -> Result<Ending, CollectError> {
        let mut pauses = Pauses::default();
        self.see_network(true);
        if let Some(error) = self.watch.trouble() {
            let why = files::describe(error);
            (self.tell)(Event::Trouble(format!(
                "changes of addresses and interfaces cannot be seen ({why}): start the collector \
                 again after each"
            )));
        }
        let mut next = None;
        let signal = loop {
            let begun = Instant::now();
            let bandwhich = match next.take() {
                Some(bandwhich) => Ok(bandwhich),
                None => self.start(),
            };
            let failure = match bandwhich {
                Err(error) if self.starts == 0 => return Err(error.into()),
                Err(error) => error.to_string(),
                Ok(bandwhich) => match self.follow(bandwhich)? {
                    Run::Stopped(signal) => break signal,
                    Run::Outdated(change, another) => {
                        // What is watched was told when the other one was started.
                        if let Change::Addresses(interfaces) = change {
                            (self.tell)(Event::Done(format!(
                                "new addresses on {interfaces}: bandwhich was started again to know them"
                            )));
                        }
                        next = another;
                        continue;
                    }
                    Run::Failed(why) => format!("bandwhich: {why}"),
                },
            };
            let pause = pauses.after(begun.elapsed());
            let when = match pause.as_secs() {
                0 => "at once".to_owned(),
                seconds => format!("in {seconds} s"),
            };
            (self.tell)(Event::Trouble(format!(
                "{failure}; it is started again {when}"
            )));
            self.failure = Some(failure);
            if let Some(signal) = self.pause(pause)? {
                break signal;
            }
        };
        notify(&[NotifyState::Stopping]);
        Ok(Ending {
            signal,
            frames: self.recorder.frames,
            logs: self.recorder.logs,
            starts: self.starts,
        })
    }

    /// Starts bandwhich.
    fn start(&mut self) -> files::Result<Bandwhich> {
        // Before, not after: what comes in between is seen as a change.
        self.see_network(true);
        self.known = self.watch.network().clone();
        let alone = self.uplink().map(str::to_owned);
        if std::mem::replace(&mut self.alone, alone) != self.alone {
            let watched = self.watched();
            (self.tell)(Event::Done(watched));
        }
        self.change = None;
        let arguments = self.arguments();
        let others = self.recorder.capture.sockets();
        let bandwhich = Bandwhich::start(&self.plan.program, &arguments)
            .map_err(files::Error::context("start", &self.plan.program))?;
        self.starts += 1;
        if self.starts == 1 {
            notify(&[NotifyState::Ready]);
        }
        (self.recorder).follow(bandwhich.id(), arguments, &others, self.tell);
        self.failure = None;
        self.watchdog.tell_soon();
        Ok(bandwhich)
    }

    /// Records what one bandwhich prints until it ends, must end or a signal comes.
    fn follow(&mut self, mut bandwhich: Bandwhich) -> Result<Run, CollectError> {
        let mut frames = Frames::default();
        let mut pace = Pace::default();
        let mut heard = Instant::now();
        let mut outdated: Option<(Change, Instant)> = None;
        let run = loop {
            if let Some(signal) = files::interrupted() {
                self.last_frame(&bandwhich, &mut frames);
                break Run::Stopped(signal);
            }
            let is_hurried = outdated.is_some() || self.recorder.capture.is_young();
            let patience = if is_hurried { SHORT_SILENCE } else { SILENCE };
            match bandwhich.next(patience) {
                Sign::Output(bytes) => {
                    self.tell_silence(heard.elapsed());
                    heard = Instant::now();
                    if !frames.is_within_frame() {
                        self.recorder.expect_frame();
                    }
                    match frames.take(&bytes) {
                        Ok(whole) => _ = self.record(whole, &mut pace),
                        Err(_) => break Run::Failed("prints what are no frames".to_owned()),
                    }
                }
                Sign::Silence => {
                    let whole = frames.pause();
                    if self.record(whole, &mut pace)
                        && let Some((change, _)) = outdated.take()
                    {
                        break self.outdate(change);
                    }
                    // When a signal lets it go on it waits for a second and opens its sockets again, and what
                    // came until then is lost: it is better started again at once, however short it stopped.
                    if self.recorder.capture.is_stopped() {
                        break Run::Failed("stopped by a signal".to_owned());
                    }
                    if heard.elapsed() > DEAD_SILENCE {
                        let seconds = DEAD_SILENCE.as_secs();
                        break Run::Failed(format!("silent for {seconds} s"));
                    }
                }
                Sign::Said(line) => self.pass_on(&line),
                Sign::Closed => break Run::Failed(ended(bandwhich.reap())),
            }
            self.see_network(false);
            let now = Instant::now();
            if outdated.is_none() {
                outdated = self.outdated(now).map(|change| (change, now));
            }
            if let Some((change, since)) = &outdated
                && now.duration_since(*since) > FRAME_PATIENCE
            {
                break self.outdate(change.clone());
            }
            self.recorder.look_at_capture(now, self.tell);
            self.tick()?;
        };
        if !matches!(run, Run::Outdated(..)) {
            // What was dropped can be asked only while the sockets live.
            self.recorder.count_drops(self.tell);
        }
        bandwhich.kill();
        let until = Instant::now() + LAST_WORDS;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match bandwhich.next(left) {
                // Where that is too much, it is no frame.
                Sign::Output(bytes) => {
                    let whole = frames.take(&bytes).ok().flatten();
                    self.record(whole, &mut pace);
                }
                Sign::Said(line) => self.pass_on(&line),
                Sign::Silence | Sign::Closed => break,
            }
        }
        let (whole, cut) = frames.end();
        self.record(whole, &mut pace);
        self.recorder.end(&run.reason(), self.tell);
        Ok(match run {
            Run::Failed(why) if cut > 0 => {
                Run::Failed(format!("{why}, within a frame ({cut} bytes are left out)"))
            }
            run => run,
        })
    }

    /// Starts another bandwhich in the place of one that does not know all. It is started before
    /// the old one is killed: that one printed its frame, and nothing of what it counted since is kept.
    fn outdate(&mut self, change: Change) -> Run {
        self.restarts.note(Instant::now());
        self.recorder.count_drops(self.tell);
        // Where it cannot be started, it is tried again with the usual words.
        let another = self.start().ok();
        Run::Outdated(change, another)
    }

    /// What is due now and then, whether bandwhich runs or not.
    fn tick(&mut self) -> Result<(), CollectError> {
        let is_log_lost = self.recorder.sync(self.plan.sync, self.tell);
        if self.watchdog.tick() || is_log_lost {
            self.keep_lock()?;
            notify(&[NotifyState::Status(&self.recorder.summary())]);
            let mut state = self.recorder.state();
            state.started = self.started;
            state.starts = self.starts;
            state.trouble.clone_from(&self.failure);
            // A full disk is told of where frames are written.
            let _ = state.write(&self.plan.folder);
        }
        Ok(())
    }

    /// Takes the lock again if it went with the folder.
    fn keep_lock(&mut self) -> Result<(), CollectError> {
        if self.lock.is_in_place() {
            return Ok(());
        }
        match hold(self.plan) {
            Ok(lock) => self.lock = lock,
            Err(error @ files::LockError::Held { .. }) => return Err(error.into()),
            // There is no folder yet, which is told of where frames are written.
            Err(files::LockError::Io(_)) => {}
        }
        Ok(())
    }

    /// Looks whether the network changed, at once or where that is due, and notes it.
    fn see_network(&mut self, at_once: bool) {
        let now = Instant::now();
        let has_changed = if at_once {
            self.watch.look(now)
        } else {
            self.watch.has_changed(now)
        };
        if has_changed {
            self.recorder.see(self.watch.network(), self.tell);
        }
        let is_due = self.prefers_uplink() && now >= self.routed_due;
        if self.prefers_uplink() && (has_changed || is_due) {
            self.routed = Routed::on(self.watch.network());
            self.routed_due = now + ROUTED_EVERY;
        }
        if has_changed || is_due {
            let addresses = self.unknown_interfaces().map(Change::Addresses);
            let is_other = self.uplink() != self.alone.as_deref();
            self.change = addresses.or_else(|| is_other.then(|| Change::Watch(self.watched())));
        }
    }

    /// Whether it is the collector's to choose what bandwhich watches.
    fn prefers_uplink(&self) -> bool {
        self.plan.prefers_uplink && watched_interface(&self.plan.arguments).is_none()
    }

    /// The interface that is to be watched alone because of what is routed.
    fn uplink(&self) -> Option<&str> {
        self.routed.as_ref()?.uplink.as_deref()
    }

    /// What is to be watched, and why, for people.
    fn watched(&self) -> String {
        match &self.routed {
            Some(
                routed @ Routed {
                    uplink: Some(uplink),
                    ..
                },
            ) => format!(
                "what passes {} is routed without translation of addresses, so {uplink} is recorded alone",
                routed.names()
            ),
            _ => {
                "nothing is routed without translation of addresses, so all interfaces are recorded"
                    .to_owned()
            }
        }
    }

    /// What bandwhich is started with.
    fn arguments(&self) -> Vec<String> {
        let alone = self.alone.iter().map(|name| format!("--interface={name}"));
        self.plan.arguments.iter().cloned().chain(alone).collect()
    }

    /// Why bandwhich is to be started again now.
    fn outdated(&mut self, now: Instant) -> Option<Change> {
        let change = self.change.clone()?;
        if self.restarts.is_allowed(now) {
            self.is_put_off = false;
            return Some(change);
        }
        if !self.is_put_off {
            self.is_put_off = true;
            (self.tell)(Event::Trouble(format!(
                "the network changes too often ({}): bandwhich is started again once a minute, and \
                 what passes until then is counted wrong or not at all",
                change.reason()
            )));
        }
        None
    }

    fn unknown_interfaces(&self) -> Option<String> {
        const MOST_NAMES: usize = 4;
        let arguments = self.arguments();
        let only = watched_interface(&arguments);
        let unknown = self.watch.network().unknown_to(&self.known, only);
        let more = unknown.len().saturating_sub(MOST_NAMES);
        let names: Vec<&str> = unknown.into_iter().take(MOST_NAMES).collect();
        let names = Some(names.join(", ")).filter(|names| !names.is_empty())?;
        Some(if more == 0 {
            names
        } else {
            format!("{names} and {more} more")
        })
    }

    /// Lets the frame at hand end.
    fn last_frame(&mut self, bandwhich: &Bandwhich, frames: &mut Frames) {
        let until = Instant::now() + LAST_FRAME;
        while frames.is_within_frame() && Instant::now() < until {
            match bandwhich.next(SILENCE / 2) {
                Sign::Output(bytes) => {
                    if let Ok(Some(whole)) = frames.take(&bytes) {
                        self.recorder.record(&whole, self.tell);
                    }
                }
                Sign::Silence => {
                    if let Some(whole) = frames.pause() {
                        self.recorder.record(&whole, self.tell);
                    }
                }
                Sign::Said(line) => self.pass_on(&line),
                Sign::Closed => return,
            }
        }
    }

    /// Records whole frames, if there are any.
    fn record(&mut self, whole: Option<Vec<u8>>, pace: &mut Pace) -> bool {
        let Some(whole) = whole else { return false };
        let count = self.recorder.record(&whole, self.tell);
        let now = Instant::now();
        if let Some(seconds) = pace.note(count, now)
            && seconds > SLOW
            && (self.slow_told).is_none_or(|told| now.duration_since(told) > HOUR)
        {
            self.slow_told = Some(now);
            (self.tell)(Event::Trouble(format!(
                "a refresh of bandwhich takes {seconds:.1} s instead of one: rates read too high by \
                 that much; volumes stay right within some per cent. Very many open files or a busy \
                 processor do this"
            )));
        }
        true
    }

    /// Tells of a silence that ended, and notes the counters: what passed meanwhile is in them.
    fn tell_silence(&mut self, lasted: Duration) {
        if lasted <= LONG_SILENCE {
            return;
        }
        self.recorder.count_now(self.tell);
        if (self.silence_told).is_none_or(|told| told.elapsed() > HOUR) {
            self.silence_told = Some(Instant::now());
            let seconds = lasted.as_secs();
            (self.tell)(Event::Trouble(format!(
                "bandwhich was silent for {seconds} s and goes on: the machine is very busy"
            )));
        }
    }

    /// Passes on what bandwhich says, but not without end.
    fn pass_on(&mut self, line: &str) {
        let (count, since) = &mut self.said;
        if since.elapsed() > HOUR {
            (*count, *since) = (0, Instant::now());
        }
        *count += 1;
        match *count {
            ..=SAID_IN_AN_HOUR => (self.tell)(Event::Trouble(format!("bandwhich says: {line}"))),
            count if count == SAID_IN_AN_HOUR + 1 => (self.tell)(Event::Trouble(
                "bandwhich says more, which is left out for an hour".to_owned(),
            )),
            _ => {}
        }
    }

    /// Waits, or until there is an address that the bandwhich which failed did not know. Gives the signal
    /// that came meanwhile.
    fn pause(&mut self, pause: Duration) -> Result<Option<u8>, CollectError> {
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if let Some(signal) = files::interrupted() {
                return Ok(Some(signal));
            }
            self.see_network(false);
            let now = Instant::now();
            if self.change.is_some() && self.restarts.is_allowed(now) {
                self.restarts.note(now);
                break;
            }
            self.tick()?;
            std::thread::sleep(SILENCE);
        }
        Ok(files::interrupted())
    }
}

/// How bandwhich ended.
fn ended(status: std::io::Result<ExitStatus>) -> String {
    let status = match status {
        Ok(status) => status,
        Err(error) => return format!("ended, and cannot be asked why: {error}"),
    };
    match (status.signal(), status.code()) {
        (Some(signal), _) => format!("ended (signal {signal})"),
        (None, Some(code)) => format!("ended (exit code {code})"),
        (None, None) => format!("ended ({status})"),
    }
}
