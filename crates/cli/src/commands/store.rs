//! `store`.

use std::io::Write;
use std::path::Path;

use app::RunOutcome;
use display::print_json;
use jiff::civil::Date;
use lifecycle::{claims, own_host, recover, rename_host};
use settings::Settings;
use store::{Damage, Store};
use traffic::UtcDay;

use crate::args::{StoreCommand, StoreFilesArgs};
use crate::failure::Failure;
use crate::progress_bar::Bar;
use crate::terminal::Terminal;

/// Checks the store, rebuilds its catalogue, packs days, lists files, or renames a host.
///
/// # Errors
/// If the store cannot be read or written.
pub fn run(
    command: &StoreCommand,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
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
        StoreCommand::Compact { json } => compact(*json, settings, now, terminal, out),
        StoreCommand::Files(args) => files(args, root, out),
        StoreCommand::RenameHost { old, new } => rename(old, new, settings, now, out),
    }
}

/// Packs all days that are over.
fn compact(
    json: bool,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let root = &settings.paths.store_dir;
    let mut store = Store::open(root, &settings::started(now), "store compact")?;
    let bar = Bar::of_days(terminal.quiet);
    let summary = lifecycle::compact_all(&mut store, now, &bar)?;
    app::forget_abandoned(&mut store, "store compact");
    if json {
        print_json(&summary, out)?;
    } else {
        for failed in &summary.failed {
            let path = display::printable(&failed.path);
            writeln!(out, "{path}: {}", display::printable(&failed.reason))?;
        }
        if !terminal.quiet {
            writeln!(
                out,
                "{} packed: {} in place of {}",
                display::counted(summary.days, "day", "days"),
                display::counted(summary.written_files, "file", "files"),
                display::counted(summary.replaced_files, "file", "files")
            )?;
        }
    }
    Ok(if summary.failed.is_empty() {
        RunOutcome::Done
    } else {
        RunOutcome::Attention
    })
}

/// Lists the files of a table as they are at this moment.
fn files(args: &StoreFilesArgs, root: &Path, out: &mut dyn Write) -> Result<RunOutcome, Failure> {
    let day = |date: Option<Date>, other| date.map_or(other, |date| UtcDay::of_date(date).number());
    let days = day(args.from, i64::MIN)..=day(args.to, i64::MAX);
    let list = match Store::open_to_read(root)? {
        Some(store) => store.live_files(&args.table, args.host.as_deref(), days)?,
        None => Vec::new(),
    };
    if args.json {
        print_json(&list, out)?;
        return Ok(RunOutcome::Done);
    }
    for file in list {
        out.write_all(file.path.as_os_str().as_encoded_bytes())?;
        out.write_all(b"\n")?;
    }
    Ok(RunOutcome::Done)
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
    let root = &settings.paths.store_dir;
    let command = "store rename-host";
    let mut store = Store::open(root, &settings::started(now), command)?;
    app::forget_abandoned(&mut store, command);
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
