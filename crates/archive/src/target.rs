//! What a zip is written to.
//!
//! The writer of zips finishes what it began also when it is dropped after an error, and relies on it
//! that the file took everything before. The file of an archive that failed is thrown away: here
//! it takes nothing more, and nobody is told of a second error.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// A file that takes nothing more after its first error.
pub(crate) struct Target<F> {
    file: F,
    position: u64,
    /// The farthest position that was reached: where it seems to stay after an error.
    farthest: u64,
    has_failed: bool,
}

impl<F: Seek> Target<F> {
    pub(crate) fn new(mut file: F) -> io::Result<Self> {
        let position = file.stream_position()?;
        Ok(Target {
            file,
            position,
            farthest: position,
            has_failed: false,
        })
    }

    /// The file, if it took everything.
    pub(crate) fn into_file(self) -> io::Result<F> {
        if self.has_failed {
            Err(io::Error::other("not everything was written"))
        } else {
            Ok(self.file)
        }
    }

    fn note<T>(&mut self, outcome: io::Result<T>) -> io::Result<T> {
        let is_lost = |error: &io::Error| error.kind() != io::ErrorKind::Interrupted;
        self.has_failed |= outcome.as_ref().err().is_some_and(is_lost);
        outcome
    }
}

impl<F: Write + Seek> Write for Target<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.has_failed {
            return Ok(bytes.len());
        }
        let outcome = self.file.write(bytes);
        let written = self.note(outcome)?;
        self.position += written as u64;
        self.farthest = self.farthest.max(self.position);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.has_failed {
            return Ok(());
        }
        let outcome = self.file.flush();
        self.note(outcome)
    }
}

impl<F: Read + Seek> Read for Target<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let outcome = self.file.read(buffer);
        let count = self.note(outcome)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl<F: Seek> Seek for Target<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.has_failed {
            return Ok(self.farthest);
        }
        let outcome = self.file.seek(to);
        self.position = self.note(outcome)?;
        self.farthest = self.farthest.max(self.position);
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// A disk that refuses one call, or that one and all later ones.
    struct Refusing {
        file: Cursor<Vec<u8>>,
        calls: usize,
        refused: std::ops::Range<usize>,
    }

    impl Refusing {
        fn call(&mut self) -> io::Result<()> {
            self.calls += 1;
            if self.refused.contains(&self.calls) {
                Err(io::ErrorKind::StorageFull.into())
            } else {
                Ok(())
            }
        }
    }

    impl Write for Refusing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.call()?;
            self.file.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            self.call()
        }
    }

    impl Seek for Refusing {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.call()?;
            self.file.seek(to)
        }
    }

    fn write(refused: std::ops::Range<usize>) -> io::Result<usize> {
        let file = Refusing {
            file: Cursor::default(),
            calls: 0,
            refused,
        };
        let mut zip = ZipWriter::new(Target::new(file)?);
        for name in ["a.log", "b.log", "c.log"] {
            zip.start_file(name, SimpleFileOptions::default())?;
            let content: Vec<u8> = (0..200_000u32)
                .map(|n| (n.wrapping_mul(n) >> 7) as u8)
                .collect();
            zip.write_all(&content)?;
        }
        Ok(zip.finish()?.into_file()?.calls)
    }

    #[test]
    fn a_disk_that_refuses_any_call_is_an_error_and_no_panic() {
        let calls = write(0..0).unwrap();
        assert!(calls > 20, "{calls}");
        for call in 1..=calls {
            assert!(write(call..call + 1).is_err(), "{call}");
            assert!(write(call..usize::MAX).is_err(), "{call}");
        }
    }
}
