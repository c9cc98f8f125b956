//! SHA-256 of what passes by: `sha256sum` gives the same, and two logs cannot be made to share one.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use crate::Result;

const BUFFER: usize = 256 << 10;

/// How much passed by, and its checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// Bytes.
    pub size: u64,
    /// SHA-256, as `sha256sum` prints it.
    pub sha256: String,
}

/// A reader that adds up what passes, and ends where a signal asks to stop: archives and their logs are long,
/// and what was written of a new one by then goes.
pub(crate) struct Digesting<R> {
    inner: R,
    hasher: Sha256,
    size: u64,
    /// The first failure, which comes again on every later read.
    failure: Option<(io::ErrorKind, String)>,
}

impl<R: Read> Digesting<R> {
    pub(crate) fn new(inner: R) -> Self {
        Digesting {
            inner,
            hasher: Sha256::new(),
            size: 0,
            failure: None,
        }
    }

    /// Reads what is left and gives the sum of all.
    pub(crate) fn finish(mut self) -> io::Result<Digest> {
        let mut buffer = vec![0; BUFFER];
        loop {
            match self.read(&mut buffer) {
                Ok(0) => break,
                Ok(_) => {}
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cause),
            }
        }
        Ok(self.sum())
    }

    /// The sum of what has passed.
    pub(crate) fn sum(self) -> Digest {
        Digest {
            size: self.size,
            sha256: hexadecimal(&self.hasher.finalize()),
        }
    }
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some((kind, text)) = &self.failure {
            return Err(io::Error::new(*kind, text.clone()));
        }
        let outcome = match files::interrupted() {
            Some(_) => Err(io::Error::other("interrupted by a signal")),
            None => self.inner.read(buffer),
        };
        if let Err(cause) = &outcome
            && cause.kind() != io::ErrorKind::Interrupted
        {
            self.failure = Some((cause.kind(), files::describe(cause)));
        }
        let count = outcome?;
        self.hasher.update(&buffer[..count]);
        self.size += count as u64;
        Ok(count)
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Checksum of bytes that are in memory.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Size and checksum of what a reader gives.
///
/// # Errors
/// If it cannot be read, or a signal asks to stop.
pub(crate) fn digest_of(bytes: impl Read) -> io::Result<Digest> {
    Digesting::new(bytes).finish()
}

/// Size and checksum of a file.
///
/// # Errors
/// If it cannot be read, or a signal asks to stop.
pub fn digest_of_file(path: &Path) -> Result<Digest> {
    let file = File::open(path).map_err(files::Error::context("open", path))?;
    Ok(digest_of(file).map_err(files::Error::context("read", path))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_sha256sum() {
        let abc = digest_of(&b"abc"[..]).unwrap();
        assert_eq!(abc.size, 3);
        assert_eq!(
            abc.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
