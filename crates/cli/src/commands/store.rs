//! `store`.

use std::io::Write;
use std::path::Path;

use app::RunOutcome;
use lifecycle::{claims, own_host, recover, rename_host};
use settings::Settings;
use store::{Damage, Store};

use crate::args::StoreCommand;
use crate::failure::Failure;

/// Checks the store, rebuilds its catalogue, or renames a host.
///
/// # Errors
/// If the store cannot be read or written.
pub fn run(
    command: &StoreCommand,
    settings: &Settings,
    now: i64,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let root = &settings.paths.store_dir;
    match command {
        StoreCommand::Rebuild { from_archives } => {
            let (mut store, missing) =
                Store::rebuild(root, &settings::started(now), "store rebuild")?;
            show_damage(&missing, out)?;
            own_host::record_rebuilt(&store, settings)?;
            claims::note_later_state(&store, settings)?;
            let mut faults = 0;
            if *from_archives {
                let recover::Recovered {
                    logs,
                    faults: found,
                } = recover::ingest_archives(&mut store, settings)?;
                for fault in &found {
                    writeln!(out, "{}", display::printable(fault))?;
                }
                let found = found.len() as u64;
                faults += found;
                writeln!(out, "{logs} archived logs were read, {found} with trouble.")?;
                if settings.store.retention_days.is_some() {
                    writeln!(
                        out,
                        "Days past store.retention_days that came back are dropped again once they are \
                         reported."
                    )?;
                }
                if found == 0 {
                    claims::complete(&store, settings)?;
                }
            }
            let trouble = recover::adopt(&store, settings)?;
            for trouble in &trouble {
                writeln!(out, "Attention: {}", display::printable(trouble))?;
            }
            faults += trouble.len() as u64;
            app::forget_abandoned(&mut store, "store rebuild");
            let status = store.status()?;
            writeln!(
                out,
                "Catalogue rebuilt: {}, {}. Logs that are still there will be read once \
                 more; what is already stored of them is recognised and skipped.",
                display::counted(status.sources, "log", "logs"),
                display::counted(status.rows, "row", "rows")
            )?;
            if !missing.is_empty() {
                writeln!(
                    out,
                    "Missing, or damaged and set aside in {1}: {0}. Reading their logs again repairs \
                     them: run `network-monitor ingest` with the logs named above, or this command with \
                     `--from-archives`.",
                    display::counted(missing.len() as u64, "file", "files"),
                    files::show(&root.join("damaged"))
                )?;
                return Ok(RunOutcome::Attention);
            }
            Ok(match faults {
                0 => RunOutcome::Done,
                _ => RunOutcome::Attention,
            })
        }
        StoreCommand::Check => check(root, out),
        StoreCommand::RenameHost { old, new } => rename(old, new, settings, now, out),
    }
}

/// Gives a host another name.
fn rename(
    old: &str,
    new: &str,
    settings: &Settings,
    now: i64,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let renamed = rename_host(old, new, settings, now)?;
    let new = display::printable(new);
    if let Some(logs) = renamed.logs {
        writeln!(
            out,
            "{} of {} now belong to {new}. The next `network-monitor report` writes their reports again.",
            display::counted(logs, "log", "logs"),
            display::printable(old),
        )?;
    }
    let mut ending = RunOutcome::Done;
    for archive in &renamed.archives {
        let path = files::show(&archive.path);
        match &archive.trouble {
            None => writeln!(out, "{path}: now belongs to {new}")?,
            Some(reason) => {
                ending = RunOutcome::Attention;
                writeln!(out, "Attention: {path}: {}", display::printable(reason))?;
            }
        }
    }
    Ok(ending)
}

/// Compares every file of the store with its checksum.
fn check(root: &Path, out: &mut dyn Write) -> Result<RunOutcome, Failure> {
    let checked =
        Store::open_to_read(root).and_then(|store| store.map(|store| store.check()).transpose());
    let report = match checked {
        Ok(Some(report)) => report,
        Ok(None) => {
            writeln!(out, "There is no store in {}.", files::show(root))?;
            return Ok(RunOutcome::Done);
        }
        Err(error) if error.is_damaged_catalog() => {
            let error = app::Error::from(error).in_store(root);
            writeln!(out, "{}", display::printable(&error.to_string()))?;
            if let Some(hint) = error.hint() {
                writeln!(out, "hint: {hint}")?;
            }
            return Ok(RunOutcome::Attention);
        }
        Err(error) => return Err(error.into()),
    };
    show_damage(&report.damaged, out)?;
    writeln!(
        out,
        "{} checked, {} damaged",
        display::counted(report.files, "file", "files"),
        report.damaged.len()
    )?;
    if report.damaged.is_empty() {
        return Ok(RunOutcome::Done);
    }
    writeln!(
        out,
        "To repair: `network-monitor store rebuild` sets the damaged files aside; then \
         `network-monitor ingest` with the logs named above reads them again. If they are archived, \
         `network-monitor store rebuild --from-archives` does both."
    )?;
    Ok(RunOutcome::Attention)
}

fn show_damage(damaged: &[Damage], out: &mut dyn Write) -> Result<(), Failure> {
    for damage in damaged {
        let path = files::show(&damage.path);
        writeln!(out, "{path}: {}", display::printable(&damage.reason))?;
        if !damage.log.is_empty() {
            writeln!(out, "  made from {}", display::printable(&damage.log))?;
        }
    }
    Ok(())
}
