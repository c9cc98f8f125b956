//! What `status` and `doctor` say of the collector that writes this machine's logs.

use collector::State;
use serde::Serialize;

use display::Moment;
use settings::Settings;

display::dated!(started: i64);
display::dated!(last_frame: Option<i64>);

/// bandwhich prints once a second; a collector without a frame for so long records nothing.
const SILENT_SECONDS: i64 = 60;

/// The collector that runs.
#[derive(Clone, Debug, Serialize)]
pub struct RunningCollector {
    /// Its process.
    pub pid: u32,
    /// When it began.
    #[serde(flatten, with = "started")]
    pub started: i64,
    /// The interfaces that it watches.
    pub interfaces: Vec<String>,
    /// When the last frame was written. `None` if there was none.
    #[serde(flatten, with = "last_frame")]
    pub last_frame: Option<i64>,
    /// How often bandwhich was started.
    pub starts: u64,
    /// Packets that passed while bandwhich watched.
    pub packets: u64,
    /// Packets that the kernel dropped because its buffer was full.
    pub dropped_packets: u64,
    /// Why bandwhich does not run, if it does not.
    pub trouble: Option<String>,
}

impl RunningCollector {
    /// The one that writes into the log folder. `None` if none runs.
    pub fn find(settings: &Settings) -> Option<Self> {
        let state = State::of_running(&lifecycle::collector_folder(settings).ok()?)?;
        Some(Self {
            pid: state.pid,
            started: state.started,
            interfaces: state.interfaces,
            last_frame: state.last_frame,
            starts: state.starts,
            packets: state.packets,
            dropped_packets: state.dropped_packets,
            trouble: state.trouble,
        })
    }

    /// What it does, in a line.
    pub fn summary(&self, settings: &Settings) -> String {
        let zone = &settings.time_zone;
        let started = Moment::new(self.started, zone);
        let interfaces = match &self.interfaces[..] {
            [] => String::new(),
            names => format!(" on {}", names.join(", ")),
        };
        let last = match self.last_frame {
            Some(time) => format!("the last frame at {}", Moment::new(time, zone)),
            None => "no frame yet".to_owned(),
        };
        let lost = match self.dropped_packets {
            0 => String::new(),
            lost => format!(", {lost} of {} packets lost", self.packets),
        };
        format!("since {started}{interfaces}, {last}{lost}")
    }

    /// Why it records nothing, if it does not.
    pub fn fault(&self, now: i64) -> Option<String> {
        let last = self.last_frame.unwrap_or(self.started);
        let silent = now.saturating_sub(last);
        if silent < SILENT_SECONDS {
            return None;
        }
        let why = match &self.trouble {
            Some(trouble) => format!(": {trouble}"),
            None => String::new(),
        };
        Some(format!(
            "the collector (pid {}) has recorded nothing for {silent} s{why}",
            self.pid
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collector_without_frames_is_a_fault_after_a_minute() {
        let mut collector = RunningCollector {
            pid: 7,
            started: 1000,
            interfaces: vec!["eth0".to_owned(), "lo".to_owned()],
            last_frame: Some(2000),
            starts: 1,
            packets: 10,
            dropped_packets: 0,
            trouble: None,
        };
        assert_eq!(collector.fault(2059), None);
        assert_eq!(
            collector.fault(2060).unwrap(),
            "the collector (pid 7) has recorded nothing for 60 s"
        );
        collector.last_frame = None;
        collector.trouble = Some("bandwhich: ended (exit code 1)".to_owned());
        assert_eq!(collector.fault(1010), None);
        assert!(
            collector
                .fault(1099)
                .unwrap()
                .ends_with("99 s: bandwhich: ended (exit code 1)")
        );
    }
}
