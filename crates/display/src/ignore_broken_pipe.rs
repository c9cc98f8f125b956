//! Standard output, whose reader may have seen enough, and which may be a file on a full disk.

use std::io::{self, ErrorKind, Write};

/// Ignores a closed pipe so that the run continues. Any other error does not stop the run either:
/// [`flush`](Write::flush) returns it from then on.
pub struct IgnoreBrokenPipe<W> {
    state: State<W>,
}

enum State<W> {
    Open(W),
    /// The reader has gone.
    Gone,
    /// Writing failed for this reason.
    Failed(io::Error),
}

impl<W: Write> IgnoreBrokenPipe<W> {
    /// Writes as long as that is possible.
    pub fn new(reader: W) -> Self {
        IgnoreBrokenPipe {
            state: State::Open(reader),
        }
    }

    /// What is written, unless it fails now or did before.
    fn attempt<T>(&mut self, write: impl FnOnce(&mut W) -> io::Result<T>) -> io::Result<Option<T>> {
        let State::Open(reader) = &mut self.state else {
            return Ok(None);
        };
        match write(reader) {
            Ok(written) => Ok(Some(written)),
            Err(error) if error.kind() == ErrorKind::Interrupted => Err(error),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.state = State::Gone;
                Ok(None)
            }
            Err(error) => {
                self.state = State::Failed(error);
                Ok(None)
            }
        }
    }
}

impl<W: Write> Write for IgnoreBrokenPipe<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.attempt(|reader| reader.write(bytes))?;
        Ok(written.unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(W::flush)?;
        match &self.state {
            State::Open(_) | State::Gone => Ok(()),
            State::Failed(error) => Err(match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => io::Error::new(error.kind(), error.to_string()),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes some bytes, then fails.
    struct Failing(usize, ErrorKind);

    impl Write for Failing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let length = bytes.len().min(self.0);
            self.0 -= length;
            match length {
                0 => Err(self.1.into()),
                _ => Ok(length),
            }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_error_stops_no_work_and_is_given_at_the_end() {
        for (kind, is_error) in [
            (ErrorKind::StorageFull, true),
            (ErrorKind::PermissionDenied, true),
            (ErrorKind::BrokenPipe, false),
        ] {
            let mut out = IgnoreBrokenPipe::new(Failing(3, kind));
            for _ in 0..9 {
                out.write_all(b"more").unwrap();
            }
            for _ in 0..2 {
                let flushed = out.flush();
                assert_eq!(
                    flushed.err().map(|error| error.kind()),
                    is_error.then_some(kind)
                );
            }
        }
    }
}
