//! When the refreshes of a run were, and how many seconds they observed.
//!
//! A refresh takes a second, or longer on a busy machine: one observes the time since the one before. Frames
//! without traffic have no stamp. They lie evenly between those that have one, and between the notes of a
//! collector, which have the time of the frame behind them. A log of idle frames alone is dated by notes.
//!
//! A clock that is set, and a bandwhich that is stopped, make the same leaps as a long refresh. So no
//! refresh counts for more than four seconds, unless those of this run usually take as long; between notes,
//! refreshes may take half as long again.

use super::clock::SLACK;
use super::run::{RunFold, Style};
use crate::{BucketFacts, Volume};

impl RunFold {
    /// Settles the time of a frame with a stamp, and of the idle ones before it. Gives the seconds that it
    /// observed.
    pub(super) fn place_in_time(&mut self, time: i64) -> i64 {
        self.machine.noted_at = None;
        match self.last_time {
            None => {}
            Some(last) if self.style != Style::Legacy => {
                let step = time.saturating_sub(last.saturating_add(self.frames_since));
                if step.abs() > 3 {
                    self.clock_steps.push((time, step));
                }
            }
            Some(last) if time < last => self.clock_steps.push((time, time - last)),
            Some(_) => {}
        }
        if self.style == Style::Legacy {
            self.clock.known = None;
        }
        let seconds = self.settle(time, 1, SLACK);
        self.last_time = Some(time);
        self.frames_since = 1;
        let bucket = time.div_euclid(self.resolution) * self.resolution;
        if self.bucket != Some(bucket) {
            self.close_bucket();
            self.bucket = Some(bucket);
        }
        seconds
    }

    /// Settles the time of an idle frame, as far as it is known already.
    pub(super) fn place_idle(&mut self) {
        if self.last_time.is_some() {
            self.frames_since += 1;
        }
        match self.machine.noted_at.take() {
            Some(time) => {
                let slack = self.clock.idle / 2 + SLACK;
                let seconds = self.settle(time, 1, slack);
                self.note(time, seconds, 1, Volume::ZERO);
            }
            None => self.clock.idle += 1,
        }
    }

    /// Settles the time of the frames at the end of the run; `next` is that of the frame behind it, if this
    /// run may have lasted until then.
    pub(crate) fn settle_end(&mut self, next: Option<i64>) {
        let (Some(known), idle @ 1..) = (self.clock.known, self.clock.idle) else {
            return;
        };
        let until = |time: i64| time.saturating_sub(known);
        let slack = idle / 2 + SLACK;
        let end = match (next, self.machine.noted_at) {
            (Some(next), _) if self.clock.is_at_pace(idle + 1, until(next)) => {
                known + until(next) * idle / (idle + 1)
            }
            (_, Some(noted)) if self.clock.may_take(idle, until(noted), slack) => noted,
            _ => known.saturating_add(idle),
        };
        self.settle(end, 0, slack);
    }

    /// The last time that is known.
    pub(crate) fn end_time(&self) -> Option<i64> {
        self.clock.known
    }

    /// Places the idle frames since the last known time evenly before `time`, at which so many other
    /// frames are (one or none); refreshes may take so many seconds more than there are. Gives the seconds that are left for these.
    fn settle(&mut self, time: i64, others: i64, slack: i64) -> i64 {
        let idle = std::mem::take(&mut self.clock.idle);
        let known = self.clock.known.replace(time);
        let frames = idle + others;
        let Some(known) = known else {
            let first = time.saturating_sub(idle);
            if self.first_time.is_none() {
                self.first_time = Some(first);
            }
            (first..time).for_each(|second| self.note(second, 1, 1, Volume::ZERO));
            return others;
        };
        let elapsed = time.saturating_sub(known);
        let seconds = if self.clock.may_take(frames, elapsed, slack) {
            self.clock.pace.0 += elapsed;
            self.clock.pace.1 += frames;
            elapsed
        } else {
            frames
        };
        let at = |frame: i64| seconds * frame / frames;
        for frame in 1..=idle {
            let lasted = at(frame) - at(frame - 1);
            self.note(known.saturating_add(at(frame)), lasted, 1, Volume::ZERO);
        }
        if others > 0 { seconds - at(idle) } else { 0 }
    }

    /// Adds a frame to the facts of its bucket: it observed so many seconds up to its time.
    pub(super) fn note(&mut self, time: i64, seconds: i64, idle_frames: u32, peak: Volume) {
        let bucket = time.div_euclid(self.resolution) * self.resolution;
        // What it observed before its bucket began belongs to the one before.
        let inside = seconds.min(time - bucket + 1);
        let count = |seconds: i64| u32::try_from(seconds).unwrap_or(0);
        match self.facts.last_mut() {
            Some(facts) if facts.bucket == bucket => {
                facts.frames += 1;
                facts.idle_frames += idle_frames;
                facts.seconds += count(seconds);
                facts.peak = facts.peak.max(peak);
                facts.first = facts.first.min(time);
                facts.last = facts.last.max(time);
                return;
            }
            Some(before) if before.bucket == bucket - self.resolution => {
                before.seconds += count(seconds - inside);
            }
            _ => {}
        }
        self.facts.push(BucketFacts {
            bucket,
            frames: 1,
            idle_frames,
            seconds: count(inside),
            peak,
            first: time,
            last: time,
        });
    }
}
