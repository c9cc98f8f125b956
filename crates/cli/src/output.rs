//! Standard output, whose reader may have seen enough.

use std::io::{self, ErrorKind, Write};

/// A writer that takes no offence when its reader goes: the work goes on, and nobody is told.
pub struct Polite<W> {
    reader: Option<W>,
}

impl<W: Write> Polite<W> {
    /// Writes as long as somebody reads.
    pub fn new(reader: W) -> Self {
        Polite {
            reader: Some(reader),
        }
    }

    fn attempt<T>(
        &mut self,
        gone: T,
        write: impl FnOnce(&mut W) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(reader) = &mut self.reader else {
            return Ok(gone);
        };
        match write(reader) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.reader = None;
                Ok(gone)
            }
            outcome => outcome,
        }
    }
}

impl<W: Write> Write for Polite<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(bytes.len(), |reader| reader.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), W::flush)
    }
}
