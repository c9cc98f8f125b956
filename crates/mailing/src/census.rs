//! What a letter says of all connections together.

use std::collections::{BTreeMap, HashMap, HashSet};

use report::Report;

/// What only all connections together tell.
#[derive(Default)]
pub(crate) struct Census<'a> {
    pub(crate) processes: usize,
    pub(crate) remotes: usize,
    pub(crate) of_remotes: HashMap<&'a str, RemoteCensus<'a>>,
    /// Connections that were seen in each entry of the timeline.
    pub(crate) of_hours: Vec<u64>,
}

#[derive(Default)]
pub(crate) struct RemoteCensus<'a> {
    pub(crate) connections: u64,
    protocols: BTreeMap<&'a str, u64>,
}

impl RemoteCensus<'_> {
    pub(crate) fn common_protocol(&self) -> String {
        let most = self.protocols.iter().max_by_key(|(_, count)| **count);
        most.map_or(String::new(), |(name, _)| (*name).to_owned())
    }
}

impl<'a> Census<'a> {
    /// Counts; the remotes are those of the first `rows` of the ranking.
    pub(crate) fn of(report: &'a Report, rows: usize) -> Self {
        let starts: Vec<i64> = report
            .timeline
            .iter()
            .map(|entry| entry.start.as_second())
            .collect();
        let mut census = Census {
            of_hours: vec![0; starts.len()],
            ..Census::default()
        };
        for remote in report.top_remotes.iter().take(rows) {
            census.of_remotes.entry(&remote.address).or_default();
        }
        let (mut processes, mut remotes) = (HashSet::new(), HashSet::new());
        for connection in report.every_connection().into_iter().flatten() {
            processes.extend(connection.process.filter(|name| *name != report::UNKNOWN));
            remotes.extend(connection.remote_address);
            let (first, last) = (
                connection.first_seen.as_second(),
                connection.last_seen.as_second(),
            );
            let begin = starts
                .partition_point(|start| *start <= first)
                .saturating_sub(1);
            let end = starts.partition_point(|start| *start <= last).max(begin);
            census.of_hours[begin..end]
                .iter_mut()
                .for_each(|count| *count += 1);
            let seen = connection.remote_address;
            if let Some(seen) = seen.and_then(|remote| census.of_remotes.get_mut(remote)) {
                seen.connections += 1;
                if let Some(protocol) = connection.protocol {
                    *seen.protocols.entry(protocol).or_default() += 1;
                }
            }
        }
        census.processes = processes.len();
        census.remotes = remotes.len();
        census
    }
}
