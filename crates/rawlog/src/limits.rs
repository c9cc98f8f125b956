//! Bounds on what reading takes.

/// Bounds on what the reader keeps in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes asked for at a time. The items are the same for any size, but that filler may come in parts.
    pub chunk_size: usize,
    /// A line with more bytes before its line feed is a fault; what lies beyond is not kept.
    pub max_line_bytes: usize,
    /// A longer frame ends here: what belongs to it and follows is left out, line by line as faults. Each
    /// fault in it counts as 64 bytes on top of its text.
    pub max_frame_bytes: usize,
    /// A frame with more rows ends here in the same way.
    pub max_frame_rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            // What was read and what was made of it fit into a core's own cache together.
            chunk_size: 512 << 10,
            max_line_bytes: 65_536,
            // A hundred thousand connections, each with a peer of its own, take 18 MB (IPv4) to 25 MB.
            max_frame_bytes: 32 << 20,
            max_frame_rows: 300_000,
        }
    }
}

impl Limits {
    /// Places within a block have 32 bits.
    pub(crate) fn bounded(self) -> Self {
        const MOST: usize = 1 << 30;
        Limits {
            chunk_size: self.chunk_size.clamp(1, MOST),
            max_line_bytes: self.max_line_bytes.min(MOST),
            max_frame_bytes: self.max_frame_bytes.min(MOST),
            max_frame_rows: self.max_frame_rows,
        }
    }
}
