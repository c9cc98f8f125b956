//! An archive read back: whether its members are what was written, and whether the history holds what they say.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write as _};
use std::path::Path;

use archive::Document;
use files::OpenLog;
use store::{Content, Store, Tuning};

use crate::error::Result;

/// What was found as an archive was read back.
#[derive(Default)]
pub(crate) struct ReadBack {
    /// What is wrong, with the member if it is one.
    pub(crate) faults: Vec<(Option<String>, String)>,
    /// For each wanted member the sources that hold it, or why it is in doubt.
    pub(crate) content: BTreeMap<String, Result<Vec<String>, String>>,
}

/// Reads an archive back: all members by their checksums, and the wanted ones by what they say, which
/// the history has to hold.
pub(crate) fn read_back(
    store: &Store,
    path: &Path,
    document: &Document,
    host: &str,
    wanted: &BTreeSet<&str>,
    tuning: &Tuning,
) -> Result<ReadBack> {
    let mut contents = Vec::new();
    let faults = archive::check(path, document, |member, content| {
        if wanted.contains(member.name.as_str()) {
            let read = fold_through_pipe(content, |log| Content::read(log, tuning));
            contents.push((member.name.clone(), read));
        }
    });
    let mut back = ReadBack::default();
    match faults {
        Ok(faults) => back
            .faults
            .extend(faults.into_iter().map(|fault| (fault.member, fault.reason))),
        Err(error) => back.faults.push((None, error.to_string())),
    }
    for (name, read) in contents {
        let outcome = match read {
            Err(error) => Err(files::describe(&error)),
            Ok(Content {
                failure: Some(failure),
                ..
            }) => Err(failure),
            Ok(content) => match store.holds(host, &content)? {
                Some(sources) => Ok(sources),
                None => Err("the history does not hold all of it".to_owned()),
            },
        };
        let outcome = outcome.map_err(|reason| format!("read back from the archive: {reason}"));
        back.content.insert(name, outcome);
    }
    Ok(back)
}

/// Lets `fold` read a member of an archive as a log, whatever it is compressed with, while it is
/// unpacked.
///
/// # Errors
/// If the member cannot be read.
pub(crate) fn fold_through_pipe<T: Send>(
    content: &mut dyn Read,
    fold: impl FnOnce(OpenLog) -> T + Send,
) -> io::Result<T> {
    let (reader, mut writer) = io::pipe()?;
    std::thread::scope(|scope| {
        let folding =
            scope.spawn(move || OpenLog::from_stream(reader, files::Limits::default()).map(fold));
        let mut buffer = vec![0; 256 << 10];
        let copied = loop {
            match content.read(&mut buffer) {
                Ok(0) => break Ok(()),
                Ok(count) => match writer.write_all(&buffer[..count]) {
                    Ok(()) => {}
                    // Whoever folds has seen enough: what is damaged is not read on.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break Ok(()),
                    Err(error) => break Err(error),
                },
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        drop(writer);
        let folded = folding.join().expect("a fold does not panic");
        copied.and(folded)
    })
}
