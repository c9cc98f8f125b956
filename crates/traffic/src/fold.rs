//! The exact counting of one run: one life of bandwhich, or the part of it that a log holds.
//!
//! A value that bandwhich prints in refresh k is the sum of the last min(k+1, 5) refreshes divided
//! by their number. So value × weight is a window of five refreshes, and each refresh lies in five
//! windows: booking a fifth of each window at its frame counts every refresh once, smeared over at
//! most four seconds. Only the last four refreshes of a run stay short; windows laid end to end,
//! counted per frame number modulo five, give the total that the end of the run settles.

mod apart;
mod book;
mod clock;
mod flip;
mod give;
mod kinds;
mod pending;
mod residual;
mod restart;
mod run;
mod see;
mod time;
mod turned;

use rawlog::{Note, NoteKind};

use self::flip::given;
use self::kinds::{has_process, has_remote, table};
pub(crate) use self::run::{Observation, Restarted, RunFold, Style};
use crate::carry::{Carry, LiveKey, tail_rows};
use crate::slots::{Kind, Way};
use crate::{TextId, Volume};

/// Gaps in a log without frame heads up to this many seconds count as idle; longer ones as gaps.
const LEGACY_IDLE: i64 = 300;

impl RunFold {
    pub(crate) fn style(&self) -> Style {
        self.style
    }

    /// Idle frames before a frame with this time, if the clock went on otherwise than the frames
    /// while there was no traffic: most likely bandwhich was restarted unseen.
    pub(crate) fn resumes_elsewhere(&self, time: i64) -> Option<u64> {
        let last = self.last_time?;
        let step = time.saturating_sub(last.saturating_add(self.frames_since));
        (self.style != Style::Legacy && self.frames_since > 1 && step.abs() > 3)
            .then(|| self.trailing_idle().unsigned_abs())
    }

    pub(crate) fn last_time(&self) -> Option<i64> {
        self.last_time
    }

    /// Earliest and latest frame.
    pub(crate) fn extremes(&self) -> Option<(i64, i64)> {
        let first = self.facts.iter().map(|facts| facts.first).min()?;
        let last = self.facts.iter().map(|facts| facts.last).max()?;
        Some((first, last))
    }

    /// Seconds that passed after the last stamp without one: idle frames at the end.
    pub(crate) fn trailing_idle(&self) -> i64 {
        (self.frames_since - 1).max(0)
    }

    /// Takes a note, which may be of connections that were seen already.
    pub(crate) fn take_note(&mut self, note: &Note<'_>) {
        self.machine.note(note);
        match note.told {
            NoteKind::Owner(owner) => {
                let name = self.strings.intern(&owner.process.text());
                let seen =
                    (self.slots).with_ports(owner.local_port, owner.remote_port, owner.protocol);
                if let Some(index) = seen {
                    self.slots.get_mut(index).owner = Some((name, owner.pid));
                }
            }
            NoteKind::Address(address) if !address.gone => {
                let interface = self.strings.intern(&address.interface.text());
                let address = address.address.to_string();
                let address = self.strings.intern(address.as_bytes());
                self.turn(interface, address);
            }
            _ => {}
        }
    }

    /// A frame that says there was no traffic.
    pub(crate) fn idle(&mut self) -> Result<(), Restarted> {
        self.followed = 0;
        self.find_gone();
        if self.missing_row() || self.steady_row() {
            return Err(Restarted);
        }
        self.note_leaving();
        self.before.clear();
        self.next += 1;
        self.frames += 1;
        self.idle_frames += 1;
        self.place_idle();
        Ok(())
    }

    /// A frame of which nothing can be used, within the run: only its place is counted.
    pub(crate) fn skip(&mut self) {
        self.followed = 0;
        self.find_gone();
        self.note_leaving();
        self.before.clear();
        self.next += 1;
        self.frames_since += 1;
    }

    /// A frame with rows.
    pub(crate) fn traffic(&mut self, frame: &Observation<'_>) -> Result<(), Restarted> {
        let time = frame.timestamp;
        if self.style == Style::Legacy
            && let Some(last) = self.last_time
        {
            let step = time.saturating_sub(last);
            let idle = if (2..=LEGACY_IDLE).contains(&step) {
                step - 1
            } else {
                0
            };
            self.next += if step > LEGACY_IDLE { 5 } else { idle as u64 };
            for second in 1..=idle {
                self.note(last + second, 1, 1, Volume::ZERO);
            }
            self.frames += idle as u64;
            self.idle_frames += idle as u64;
        }
        self.residual_is_windowed &= frame.windowed() && !frame.damaged;
        self.look_up(frame);
        self.find_gone();
        if frame.windowed() && !frame.damaged && self.missing_row() {
            return Err(Restarted);
        }
        self.note_leaving();
        let seconds = self.place_in_time(time);
        self.book(time, seconds);
        if !self.mirrors.is_empty() {
            self.judge_mirrors();
        }
        self.shed_keys();
        self.damaged_before = frame.damaged;
        self.next += 1;
        Ok(())
    }

    /// Ends the run. What its end owes to its live keys becomes rows, unless that depends on another
    /// log: then it is given back.
    pub(crate) fn end(&mut self, depends: bool) -> Carry {
        self.close_bucket();
        self.bucket = None;
        if self.has_given {
            for slot in self.slots.iter_mut() {
                given(slot, &mut self.doubled, &mut self.turned);
                slot.given = Volume::ZERO;
            }
        }
        let carry = self.carry();
        if depends {
            return carry;
        }
        self.rows.extend(tail_rows(&carry, &mut self.strings));
        Carry::default()
    }

    /// What the end of the run still owes to its live keys. Empty for a log without frame heads:
    /// there it cannot be told whether values are averaged.
    fn carry(&self) -> Carry {
        let mut keys = Vec::new();
        if self.style == Style::Legacy {
            return Carry {
                frames: self.next,
                keys,
            };
        }
        for index in self.slots.indices() {
            let slot = self.slots.get(index);
            let Some(last) = slot.last_frame else {
                continue;
            };
            let residual = matches!(slot.kind, Kind::Residual | Kind::Rest);
            let last = last.number();
            if last + 5 <= self.next.saturating_sub(1) || (residual && !self.residual_is_windowed) {
                continue;
            }
            let text = |id: TextId| self.strings.text(id).into_owned();
            let host = |id: TextId| text(self.names_of_hosts.get(&id).copied().unwrap_or(id));
            let name = slot.names.best().unwrap_or(slot.last_name);
            let ports = slot.is_connection();
            let mut from_end = [Volume::ZERO; 5];
            for (distance, window) in from_end.iter_mut().enumerate() {
                *window = slot.windows[((self.next + 4 - distance as u64) % 5) as usize];
            }
            keys.push(LiveKey {
                table: table(slot),
                process: has_process(slot).then(|| text(name)),
                pid: slot.pid_as(name),
                by_process: slot.kind == Kind::Process,
                interface: slot.interface.map(text),
                protocol: slot.protocol.map(|protocol| protocol.as_str().to_owned()),
                local_port: ports.then_some(slot.local_port),
                remote: has_remote(slot).then(|| host(slot.text)),
                remote_port: ports.then_some(slot.remote_port),
                turned: slot.way == Way::Turned,
                windows: from_end,
                absent: if residual {
                    0
                } else {
                    u8::try_from(self.next - 1 - last).unwrap_or(4)
                },
                booked: from_end.into_iter().fold(Volume::ZERO, |mut sum, window| {
                    sum.add(window);
                    sum
                }),
                since_start: slot.since_start,
                bucket: slot.last_time.div_euclid(self.resolution) * self.resolution,
                last_seen: slot.last_time,
            });
        }
        keys.sort_by(|a, b| a.identity().cmp(&b.identity()));
        Carry {
            frames: self.next,
            keys,
        }
    }
}
