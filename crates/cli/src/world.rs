//! What a command knows of the world around it: the time, and the terminal it talks to.

use display::Colour;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::settings::Settings;

/// The time and the terminal.
#[derive(Clone, Copy, Debug)]
pub struct World {
    /// Seconds since 1970.
    pub now: i64,
    /// Whether only failures are said.
    pub quiet: bool,
    /// Columns of the output.
    pub width: usize,
    /// Colours of the output.
    pub colour: Colour,
}

impl World {
    /// Today, on the clocks of the settings' time zone.
    pub fn today(&self, settings: &Settings) -> Date {
        let now = Timestamp::from_second(self.now).unwrap_or_default();
        now.to_zoned(settings.time_zone.clone()).date()
    }

    /// When the run began, for whoever finds its lock.
    pub fn started(&self) -> String {
        Timestamp::from_second(self.now)
            .unwrap_or_default()
            .to_string()
    }
}
