//! Packs a log into the archive of its day, and reads the archive back.

use std::path::Path;

use archive::{Fault, Format, Joining, Log, Result, check, locate};
use jiff::civil::Date;

/// Archives a log, which stays where it is, and gives what is wrong with the archive.
pub(crate) fn pack(log: &Path, host: &str, day: Date, archive_dir: &Path) -> Result<Vec<Fault>> {
    let found = std::fs::metadata(log).map_err(files::Error::context("read", log))?;
    let log = Log {
        path: log.to_owned(),
        name: log
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        size: found.len(),
        modified: found.modified().unwrap_or(std::time::UNIX_EPOCH),
        identity: files::FileIdentity::of(&found),
    };
    let archive = locate(archive_dir, Path::new(""), day, Format::TarGz)?;
    let mut joining = Joining::new(archive.clone(), host, None);
    joining.add(&log)?;
    let Some(draft) = joining.finish()? else {
        return Ok(Vec::new());
    };
    let document = draft.commit()?;
    document.write(&archive.metadata())?;
    check(&archive.path, &document, |_, _| {})
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join("network-monitor-example");
    files::create_folder(&folder)?;
    let log = folder.join("bandwhich.log");
    std::fs::write(&log, "Refreshing:\n<NO TRAFFIC>\n\n")?;
    let faults = pack(&log, "web1", jiff::civil::date(2026, 11, 22), &folder)?;
    println!("{} faults", faults.len());
    Ok(())
}
