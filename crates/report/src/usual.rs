//! What was usual in the weeks before a period, as far as pages and letters show it.

use analysis::{Band, Direction};
use traffic::Volume;

/// What was usual. JSON does not hold it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Usual {
    /// The hours of the period, each with what is usual for the whole host; one band for each direction. Empty
    /// if there is too little history.
    pub bands: Vec<Band>,
    /// The processes whose volumes differ most from their usual ones, largest difference first.
    pub movers: Vec<Mover>,
    /// Days that the movers are compared with.
    pub days: usize,
}

/// A process that moved another volume than on usual days.
#[derive(Clone, Debug, PartialEq)]
pub struct Mover {
    /// The process.
    pub process: String,
    /// Bytes in the period.
    pub now: Volume,
    /// Bytes in the same hours of usual days.
    pub usual: Volume,
}

impl Mover {
    /// Bytes of both directions by which it differs.
    pub fn difference(&self) -> u64 {
        let [up, down] = [
            self.now.up.abs_diff(self.usual.up),
            self.now.down.abs_diff(self.usual.down),
        ];
        up.saturating_add(down)
    }

    /// The direction that differs more, and by how many bytes: negative if it moved less than usual.
    pub fn largest_change(&self) -> (Direction, i128) {
        let change = |now: u64, usual: u64| i128::from(now) - i128::from(usual);
        let up = change(self.now.up, self.usual.up);
        let down = change(self.now.down, self.usual.down);
        if up.abs() > down.abs() {
            (Direction::Up, up)
        } else {
            (Direction::Down, down)
        }
    }
}
