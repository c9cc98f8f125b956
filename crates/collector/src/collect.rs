//! Runs bandwhich, again and again, until a signal asks to stop.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use sd_notify::NotifyState;

use crate::Rotate;
use crate::child::{Bandwhich, Sign};
use crate::frames::Frames;
use crate::pace::{Pace, Pauses};
use crate::recorder::Recorder;

/// Silence that ends a frame. bandwhich prints one within milliseconds and then waits for the rest of
/// its second.
const SILENCE: Duration = Duration::from_millis(100);
/// bandwhich prints once a second; on a machine with very many open files every few seconds.
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
/// How often the state is told to systemd.
const STATUS_EVERY: Duration = Duration::from_secs(10);

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// bandwhich's file.
    pub program: PathBuf,
    /// What it is started with: see [`arguments`](crate::arguments()).
    pub arguments: Vec<String>,
    /// Its version, for the log.
    pub version: String,
    /// Where logs are written.
    pub folder: PathBuf,
    /// When a new one is begun.
    pub rotate: Rotate,
    /// The zone of hours and days.
    pub zone: TimeZone,
    /// Whether owners of connections are noted.
    pub pids: bool,
    /// Whether the kernel's counters are noted.
    pub interfaces: bool,
    /// The longest time that written frames stay unsynced.
    pub sync: Duration,
}

/// What is told while it runs. The texts may hold names from outside: escape them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Something was done.
    Done(String),
    /// Something needs attention.
    Trouble(String),
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The signal that asked to stop.
    pub signal: u8,
    /// Frames that were written.
    pub frames: u64,
    /// Logs that were begun.
    pub logs: u64,
    /// Times that bandwhich was started.
    pub starts: u64,
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// bandwhich cannot be started.
    #[error(transparent)]
    Start(#[from] files::Error),
    /// Another collector writes into the folder.
    #[error(transparent)]
    Held(#[from] files::LockError),
}

/// Keeps bandwhich running until a signal asks to stop (see [`files::interrupted`]); `tell` hears what
/// happens. Systemd is told where it asks for it.
///
/// # Errors
/// Where another collector writes into the folder, or bandwhich cannot be started at all. What goes
/// wrong later is told and tried again, with growing pauses.
pub fn collect(plan: &Plan, tell: &mut dyn FnMut(Event)) -> Result<Ending, CollectError> {
    let lock = plan.folder.join(".collector.lock");
    let started = jiff::Timestamp::now().to_string();
    let _lock = files::Lock::acquire(&lock, &started, "network-monitor collect")?;
    let mut session = Session {
        plan,
        recorder: Recorder::new(plan),
        watchdog: Watchdog::new(),
        said: (0, Instant::now()),
        slow_told: None,
        tell,
    };
    session.run()
}

/// How a run of bandwhich ended.
enum Run {
    Stopped(u8),
    Failed(String),
}

struct Session<'a> {
    plan: &'a Plan,
    recorder: Recorder<'a>,
    watchdog: Watchdog,
    /// Lines of standard error that were passed on since then.
    said: (u32, Instant),
    slow_told: Option<Instant>,
    tell: &'a mut dyn FnMut(Event),
}

impl Session<'_> {
    fn run(&mut self) -> Result<Ending, CollectError> {
        let mut pauses = Pauses::new();
        let mut starts = 0;
        let signal = loop {
            let begun = Instant::now();
            let failure = match Bandwhich::start(&self.plan.program, &self.plan.arguments) {
                Err(error) if starts == 0 => {
                    return Err(files::Error::new("start", &self.plan.program, error).into());
                }
                Err(error) => files::Error::new("start", &self.plan.program, error).to_string(),
                Ok(bandwhich) => {
                    starts += 1;
                    if starts == 1 {
                        notify(&[NotifyState::Ready]);
                    }
                    match self.follow(bandwhich) {
                        Run::Stopped(signal) => break signal,
                        Run::Failed(why) => why,
                    }
                }
            };
            let pause = pauses.after(begun.elapsed());
            let seconds = pause.as_secs();
            (self.tell)(Event::Trouble(format!(
                "{failure}; it is started again in {seconds} s"
            )));
            if let Some(signal) = self.pause(pause) {
                break signal;
            }
        };
        notify(&[NotifyState::Stopping]);
        Ok(Ending {
            signal,
            frames: self.recorder.frames,
            logs: self.recorder.logs,
            starts,
        })
    }

    /// Records what one bandwhich prints until it ends or a signal comes.
    fn follow(&mut self, mut bandwhich: Bandwhich) -> Run {
        let mut frames = Frames::default();
        let mut pace = Pace::default();
        let mut heard = Instant::now();
        let run = loop {
            if let Some(signal) = files::interrupted() {
                self.last_frame(&bandwhich, &mut frames);
                break Run::Stopped(signal);
            }
            match bandwhich.next(SILENCE) {
                Sign::Output(bytes) => {
                    heard = Instant::now();
                    match frames.take(&bytes) {
                        Ok(whole) => self.record(whole, &mut pace),
                        Err(_) => {
                            break Run::Failed("bandwhich prints what are no frames".to_owned());
                        }
                    }
                }
                Sign::Silence => {
                    let whole = frames.pause();
                    self.record(whole, &mut pace);
                    if heard.elapsed() > DEAD_SILENCE {
                        let seconds = DEAD_SILENCE.as_secs();
                        break Run::Failed(format!("bandwhich was silent for {seconds} s"));
                    }
                }
                Sign::Said(line) => self.pass_on(&line),
                Sign::Closed => break Run::Failed(ended(bandwhich.reap())),
            }
            self.recorder.sync(self.plan.sync, self.tell);
            self.watchdog.tick(&self.recorder);
        };
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
        self.recorder.end(self.tell);
        match run {
            Run::Failed(why) if cut > 0 => {
                Run::Failed(format!("{why}, within a frame ({cut} bytes are left out)"))
            }
            run => run,
        }
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

    fn record(&mut self, whole: Option<Vec<u8>>, pace: &mut Pace) {
        let Some(whole) = whole else { return };
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

    /// Waits; gives the signal that came meanwhile.
    fn pause(&mut self, pause: Duration) -> Option<u8> {
        let until = Instant::now() + pause;
        while Instant::now() < until {
            if let Some(signal) = files::interrupted() {
                return Some(signal);
            }
            self.watchdog.tick(&self.recorder);
            std::thread::sleep(SILENCE);
        }
        files::interrupted()
    }
}

fn ended(status: std::io::Result<ExitStatus>) -> String {
    match status {
        Ok(status) => format!("bandwhich ended ({status})"),
        Err(error) => format!("bandwhich ended, and cannot be asked why: {error}"),
    }
}

/// Tells systemd what it wants to know.
struct Watchdog {
    every: Option<Duration>,
    fed: Instant,
    status: Option<Instant>,
}

impl Watchdog {
    fn new() -> Self {
        Watchdog {
            every: sd_notify::watchdog_enabled().map(|every| every / 3),
            fed: Instant::now(),
            status: None,
        }
    }

    fn tick(&mut self, recorder: &Recorder<'_>) {
        if self.every.is_some_and(|every| self.fed.elapsed() >= every) {
            self.fed = Instant::now();
            notify(&[NotifyState::Watchdog]);
        }
        if self
            .status
            .is_none_or(|told| told.elapsed() >= STATUS_EVERY)
        {
            self.status = Some(Instant::now());
            notify(&[NotifyState::Status(&recorder.state())]);
        }
    }
}

fn notify(state: &[NotifyState<'_>]) {
    // Whoever started us may not listen any more; that is no reason to stop recording.
    let _ = sd_notify::notify(state);
}
