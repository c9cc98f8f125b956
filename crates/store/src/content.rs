//! Whether the history holds what a log says, without bringing the log in.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::io;

use rawlog::Reader;
use traffic::{LogFold, Row, RunSummary, Sink, Strings};

use crate::identity::{Relation, relation};
use crate::sources::Sources;
use crate::{Result, Store, Tuning, catalog};

/// What a log says, as far as it tells one log from another.
#[derive(Debug)]
pub struct Content {
    runs: Vec<RunSummary>,
    /// Why it could not be read to its end.
    pub failure: Option<String>,
}

impl Content {
    /// Reads a log to its end.
    pub fn read(log: impl io::Read, tuning: &Tuning) -> Self {
        let mut fold = LogFold::new(tuning.fold, Runs(Vec::new()));
        let (_, outcome) = Reader::new(log, tuning.limits).for_each(|item| fold.take(item));
        let Ok((_, Runs(runs))) = fold.finish();
        let failure = outcome.err().map(|error| files::describe(&error));
        Content { runs, failure }
    }
}

impl Store {
    /// The names of the sources that hold every run of a log; `None` if a run is not held.
    ///
    /// # Errors
    /// If the catalogue or a source cannot be read.
    pub fn holds(&self, host: &str, content: &Content) -> Result<Option<Vec<String>>> {
        let mut sources = Sources::default();
        let mut names = BTreeSet::new();
        for run in &content.runs {
            // A run without any time is not ingested.
            let Some((first, last)) = run.extremes else {
                continue;
            };
            let mut holder = None;
            for live in catalog::runs_within(&self.catalog, host, first, last)? {
                let source = sources.get(&self.root, &live.name, live.generation, &live.file)?;
                if let Some(known) = source.run(live.number)
                    && relation(run, &known.summary, known.short.as_ref()) == Relation::Known
                {
                    holder = Some(live.name);
                    break;
                }
            }
            match holder {
                Some(name) => names.insert(name),
                None => return Ok(None),
            };
        }
        Ok(Some(names.into_iter().collect()))
    }
}

/// Keeps what is told of runs, and no rows.
struct Runs(Vec<RunSummary>);

impl Sink for Runs {
    type Error = Infallible;

    fn rows(&mut self, _: u32, _: &[Row], _: &Strings) -> std::result::Result<(), Infallible> {
        Ok(())
    }

    fn run_ended(&mut self, summary: RunSummary) -> std::result::Result<(), Infallible> {
        self.0.push(summary);
        Ok(())
    }
}
