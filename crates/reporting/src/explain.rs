//! Who is behind findings, by the rows of the hours that they are about.

use analysis::{Finding, Flow, Inquiry};
use store::Store;
use traffic::Table;

use crate::error::{Error, Result};
use crate::history::HistoryRequest;

/// Puts who and when into findings that are about bytes, and makes one of those about the same traffic. Rows
/// are read only if there are such findings.
///
/// # Errors
/// If the store cannot be read, or a signal asks to stop.
pub(crate) fn explain(
    findings: &mut Vec<Finding>,
    store: &Store,
    wanted: &HistoryRequest<'_>,
) -> Result<()> {
    let Some(mut inquiry) = Inquiry::new(findings) else {
        return Ok(());
    };
    read(&mut inquiry, store, wanted)?;
    inquiry.ask_when(findings);
    read(&mut inquiry, store, wanted)?;
    inquiry.answer(findings);
    Ok(())
}

fn read(inquiry: &mut Inquiry, store: &Store, wanted: &HistoryRequest<'_>) -> Result<()> {
    store.read_rows::<Error>(wanted.host, inquiry.seconds(), |row| {
        files::check_interrupted()?;
        let counts = match row.table {
            Table::Traffic => true,
            Table::Loopback => wanted.loopback,
            Table::Apart | Table::Peers => false,
        };
        if counts {
            inquiry.add(&Flow {
                process: row.process,
                remote: row.remote,
                ports: [row.local_port, row.remote_port],
                up: row.volume.up,
                down: row.volume.down,
                first: row.first_seen,
                last: row.last_seen,
            });
        }
        Ok(())
    })
}
