//! Packed files as a rebuild finds them: which are whole, and what each of them holds.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::Result;
use crate::batch::Batch;
use crate::catalog::{self, LiveSegment};
use crate::disk::checksum;
use crate::pack::{Description, describe, parse_name};
use crate::partition::{Kind, folder};
use crate::sidecar::{Segment, Source};
use crate::sorter::PartKey;
use crate::unnamed::segment_files;

/// A packed file that is what was written.
struct WholeFile {
    segment: Segment,
    host: String,
    folder: PathBuf,
    generation: u32,
    parts: HashMap<PartKey, u64>,
}

/// The packed files of a store.
pub(super) struct PackedFiles {
    /// The newest first.
    whole: Vec<WholeFile>,
    /// Those that are damaged, with the reason, by their folder.
    damaged: HashMap<PathBuf, (PathBuf, String)>,
    /// Rows of each part of the whole files, by folder.
    rows: HashMap<(PathBuf, PartKey), BTreeSet<u64>>,
}

impl PackedFiles {
    /// Reads all packed files but dead ones.
    pub(super) fn find(root: &Path, dead: &BTreeSet<String>) -> Result<Self> {
        let mut found = PackedFiles {
            whole: Vec::new(),
            damaged: HashMap::new(),
            rows: HashMap::new(),
        };
        for path in segment_files(root)? {
            let below = path.strip_prefix(root).unwrap_or(&path).to_owned();
            let file = below.to_string_lossy().into_owned();
            let (Some((generation, expected)), false) = (parse_name(&path), dead.contains(&file))
            else {
                continue;
            };
            let folder = below.parent().unwrap_or(&below).to_owned();
            let described = match checksum(&path) {
                Ok(checksum) if checksum != expected => Err("its checksum differs".to_owned()),
                Ok(_) => describe(&path).map_err(|error| error.to_string()),
                Err(error) => Err(files::describe(error.cause())),
            };
            match described {
                Ok(description) => found.add(description, file, folder, generation, expected),
                Err(reason) => drop(found.damaged.insert(folder, (path, reason))),
            }
        }
        found.whole.sort_by(|one, other| {
            (&one.folder, other.generation).cmp(&(&other.folder, one.generation))
        });
        Ok(found)
    }

    fn add(
        &mut self,
        description: Description,
        file: String,
        folder: PathBuf,
        generation: u32,
        checksum: &str,
    ) {
        let parts: HashMap<PartKey, u64> = description.parts.into_iter().collect();
        for (part, rows) in &parts {
            let known = self.rows.entry((folder.clone(), part.clone()));
            known.or_default().insert(*rows);
        }
        self.whole.push(WholeFile {
            segment: Segment {
                kind: description.kind,
                day: description.day,
                file,
                rows: parts.values().sum(),
                first: description.first,
                last: description.last,
                checksum: checksum.to_owned(),
            },
            host: description.host,
            folder,
            generation,
            parts,
        });
    }

    /// Whether a whole file holds so many rows of a source, of a kind and a day.
    pub(super) fn holds(&self, source: &Source, kind: Kind, day: i64, rows: u64) -> bool {
        let folder = folder(kind, day, &source.host);
        let known = self.rows.get(&(folder, (source.label(), None)));
        known.is_some_and(|known| known.contains(&rows))
    }

    /// The damaged file that may have held what a source had of a kind and a day, and what is wrong with it.
    pub(super) fn damaged(
        &self,
        source: &Source,
        kind: Kind,
        day: i64,
    ) -> Option<(PathBuf, String)> {
        self.damaged.get(&folder(kind, day, &source.host)).cloned()
    }

    /// The paths of damaged files, with what is wrong with them.
    pub(super) fn all_damaged(&self) -> impl Iterator<Item = &(PathBuf, String)> {
        self.damaged.values()
    }

    /// Enters those parts that belong to sources: `claims` are the parts of each folder that have to be there,
    /// with the number of their source, and how many rows they have; `sources` gives the source of a label for
    /// tails, unless it dropped the day. Gives the files that are alive then.
    pub(super) fn enter(
        self,
        batch: &mut Batch<'_>,
        claims: &HashMap<(PathBuf, String), (i64, u64)>,
        tail_source: impl Fn(&str, &str, i64, i64) -> Option<i64>,
    ) -> Result<()> {
        let mut taken: HashSet<(PathBuf, PartKey)> = HashSet::new();
        for file in self.whole {
            let mut kept = Vec::new();
            let mut parts: Vec<_> = file.parts.iter().collect();
            parts.sort();
            for (part, rows) in parts {
                let (label, tail_of) = part;
                let source = match tail_of {
                    None => {
                        let claim = claims.get(&(file.folder.clone(), label.clone()));
                        claim
                            .filter(|(_, claimed)| claimed == rows)
                            .map(|claim| claim.0)
                    }
                    Some(run) => tail_source(&file.host, label, file.segment.day, *run),
                };
                let key = (file.folder.clone(), part.clone());
                if let Some(source) = source
                    && taken.insert(key)
                {
                    kept.push((source, label.clone(), *tail_of));
                }
            }
            if !kept.iter().any(|(_, _, tail_of)| tail_of.is_none()) {
                continue;
            }
            let id = catalog::insert_segment(batch.catalog, &file.host, &file.segment, true)?;
            for (source, label, tail_of) in &kept {
                let rows = file.parts[&(label.clone(), *tail_of)];
                catalog::insert_part(batch.catalog, *source, id, *tail_of, rows)?;
            }
            batch.days.insert((file.host.clone(), file.segment.day));
            if kept.len() < file.parts.len() {
                let stored = LiveSegment {
                    id,
                    host: file.host.clone(),
                    packed: true,
                    segment: file.segment,
                };
                batch.pack_again(&stored, &file.host, &kept)?;
            }
        }
        Ok(())
    }
}
