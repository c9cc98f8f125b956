//! Who watches while logs are read.

/// Somebody who watches how far the reading is. Several threads report to it at once.
pub trait Progress: Sync {
    /// So many bytes are to be read.
    fn expect(&self, bytes: u64);
    /// So many more bytes were read.
    fn advance(&self, bytes: u64);
    /// All is read.
    fn finish(&self);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn expect(&self, _: u64) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
}
