//! Sources, wherever they are kept: in a sidecar of their own or in a container.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use crate::container;
use crate::sidecar::{Source, SourceFacts};
use crate::{Error, Result};

/// Reads all sources of a file: of a sidecar, one.
pub(crate) fn read_all(path: &Path) -> Result<Vec<Source>> {
    if container::is_container_path(path) {
        container::read(path)
    } else {
        Ok(vec![Source::read(path)?])
    }
}

/// Reads what a report tells of the sources of a file.
pub(crate) fn read_facts(path: &Path) -> Result<Vec<SourceFacts>> {
    if container::is_container_path(path) {
        container::read_facts(path)
    } else {
        Ok(vec![SourceFacts::read(path)?])
    }
}

/// Sources that were read from disk and are kept in memory at a time.
const MOST_READ: usize = 64;

/// Sources that one batch needs: those it read from disk, and those it made.
#[derive(Default)]
pub(crate) struct Sources {
    /// May be evicted at any time: they can be read again.
    read: HashMap<(String, i64), Rc<Source>>,
    /// Never evicted: before the commit they are in no file that could be read.
    made: HashMap<(String, i64), Rc<Source>>,
}

impl Sources {
    /// Gives a source, which is read from a file below the store if need be: with all others of that file.
    pub(crate) fn get(
        &mut self,
        root: &Path,
        name: &str,
        generation: i64,
        file: &str,
    ) -> Result<Rc<Source>> {
        let key = (name.to_owned(), generation);
        if let Some(source) = self.made.get(&key).or_else(|| self.read.get(&key)) {
            return Ok(source.clone());
        }
        if self.read.len() >= MOST_READ {
            self.read.clear();
        }
        let path = root.join(file);
        for source in read_all(&path)? {
            let key = (source.name.clone(), source.generation);
            self.read.insert(key, Rc::new(source));
        }
        let missing = || Error::damaged(&path, format!("it does not hold {name}-{generation}"));
        self.read.get(&key).cloned().ok_or_else(missing)
    }

    pub(crate) fn put(&mut self, source: Source) {
        let key = (source.name.clone(), source.generation);
        self.made.insert(key, Rc::new(source));
    }
}
