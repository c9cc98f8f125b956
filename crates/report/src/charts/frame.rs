//! Where a curve lies within its picture, and how large that is.

/// How large a curve is drawn: text has the same size in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CurveSize {
    /// For pages, 960 units wide.
    Wide,
    /// For telephones, 344 units wide.
    Narrow,
}

/// Units left of the curve, for its scale, and right of it.
pub(super) const LEFT: f64 = 66.0;
pub(super) const RIGHT: f64 = 18.0;
/// Units above the curve, and those that the numbers of marks need there.
pub(super) const TOP: f64 = 8.0;
pub(super) const TOP_WITH_MARKS: f64 = 22.0;

impl CurveSize {
    /// Units of width and height.
    pub(super) fn units(self) -> (f64, f64) {
        match self {
            CurveSize::Wide => (960.0, 272.0),
            CurveSize::Narrow => (344.0, 220.0),
        }
    }

    /// Steps of a curve that are drawn as one: a narrow picture has fewer pixels than steps.
    pub(super) fn steps_drawn_as_one(self) -> usize {
        match self {
            CurveSize::Wide => 1,
            CurveSize::Narrow => 3,
        }
    }

    /// The first and the last part of the width, from 0 to 1, that belong to the curve itself.
    pub(crate) fn plot(self) -> (f64, f64) {
        let (width, _) = self.units();
        (LEFT / width, (width - RIGHT) / width)
    }
}

/// Where a curve lies within its picture.
pub(super) struct Frame {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
    /// Seconds since 1970 at the left end, and seconds shown.
    pub(super) start: i64,
    pub(super) seconds: f64,
    /// Bytes per second at the upper and the lower end.
    pub(super) down: f64,
    pub(super) up: f64,
}

impl Frame {
    pub(super) fn x(&self, second: i64) -> f64 {
        let part = second.saturating_sub(self.start) as f64 / self.seconds;
        LEFT + part.clamp(0.0, 1.0) * (self.width - LEFT - RIGHT)
    }

    pub(super) fn plot_height(&self) -> f64 {
        self.height - self.top - self.bottom
    }

    /// Height of a rate.
    pub(super) fn length(&self, rate: f64) -> f64 {
        self.plot_height() * rate / (self.down + self.up)
    }

    pub(super) fn zero(&self) -> f64 {
        self.top + self.plot_height() * self.down / (self.down + self.up)
    }
}
