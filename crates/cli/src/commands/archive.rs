//! `archive`: on its own, and what can be asked of the archives.

use std::io::Write;

use archive::Document;
use lifecycle::archives::{self, known_archives, undescribed};
use lifecycle::own_host;
use serde::Serialize;
use store::Store;
use traffic::{Period, When};

use crate::args::{
    ArchiveArgs, ArchiveCommand, ArchiveForgetArgs, ArchiveListArgs, ArchiveRestoreArgs,
};
use app::RunOutcome;

use crate::failure::Failure;
use crate::output;
use crate::terminal::Terminal;
use display::print_json;
use settings::Settings;

/// Runs the command.
///
/// # Errors
/// If the catalogue or an archive cannot be read or written.
pub fn run(
    args: &ArchiveArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    match &args.command {
        Some(_) if args.dry_run => Err(Failure::Usage(
            "--dry-run is for `archive` itself, not for its commands".to_owned(),
        )),
        Some(_) if args.json => Err(Failure::Usage(
            "--json before a command is for `archive` itself; `archive list --json` prints the list"
                .to_owned(),
        )),
        None if args.dry_run => {
            let planned = app::archive_dry_run(settings, now)?;
            if args.json {
                print_json(&planned, out)?;
            } else {
                output::dry_run::show(&planned, out)?;
                writeln!(out, "Nothing was done.")?;
            }
            Ok(RunOutcome::Done)
        }
        None => {
            let summary = app::archive_run(settings, now)?;
            if args.json {
                print_json(&summary, out)?;
            } else if !terminal.quiet {
                writeln!(out, "{}", output::archive::summary_text(&summary))?;
            }
            Ok(ending(summary.trouble.is_empty()))
        }
        Some(ArchiveCommand::Verify) => verify(settings, terminal, out),
        Some(ArchiveCommand::List(args)) => list(args, settings, out),
        Some(ArchiveCommand::Restore(args)) => restore(args, settings, now, terminal, out),
        Some(ArchiveCommand::Forget(args)) => forget(args, settings, now, out),
    }
}

fn ending(is_well: bool) -> RunOutcome {
    if is_well {
        RunOutcome::Done
    } else {
        RunOutcome::Attention
    }
}

fn verify(
    settings: &Settings,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    let known = known_archives(store.as_ref(), &settings.paths.archive_dir)?;
    let (mut archives, mut logs, mut damaged) = (0, 0, 0);
    for known in known {
        let path = files::show(&known.archive.path).to_string();
        let (count, faults) = archives::faults_at_rest(known, store.as_ref(), settings)?;
        files::check_interrupted()?;
        (archives, logs) = (archives + 1, logs + count);
        damaged += usize::from(!faults.is_empty());
        for fault in &faults {
            let fault = display::printable(fault);
            writeln!(
                out,
                "{path}: {}",
                fault.strip_prefix(&format!("{path}: ")).unwrap_or(&fault)
            )?;
        }
    }
    let lost = match &store {
        Some(store) => archives::replaced_archives(store)?,
        None => Vec::new(),
    };
    for lost in &lost {
        let told = lost.told(&settings.paths.archive_dir);
        writeln!(out, "{}", display::printable(&told))?;
    }
    if !terminal.quiet {
        writeln!(
            out,
            "{} with {} read back, {damaged} damaged{}",
            display::counted(archives, "archive", "archives"),
            display::counted(logs as u64, "log", "logs"),
            match lost.len() {
                0 => String::new(),
                count => format!(", {count} lost"),
            }
        )?;
    }
    Ok(ending(damaged + lost.len() == 0))
}

/// What `archive list --json` prints of an archive.
#[derive(Serialize)]
struct Listed {
    path: String,
    #[serde(flatten)]
    document: Option<Document>,
    /// Why what it holds is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    trouble: Option<String>,
}

fn list(
    args: &ArchiveListArgs,
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    let known = known_archives(store.as_ref(), &settings.paths.archive_dir)?;
    let listed: Vec<Listed> = (known.iter())
        .map(|known| {
            let path = files::show(&known.archive.path).to_string();
            let (document, trouble) = match known.document(None) {
                Ok(document) => (Some(document), None),
                Err(reason) => (None, Some(reason)),
            };
            Listed {
                path,
                document,
                trouble,
            }
        })
        .collect();
    if args.json {
        print_json(&listed, out)?;
    } else {
        for listed in &listed {
            show_listed(listed, out)?;
        }
        if listed.is_empty() {
            let folder = files::show(&settings.paths.archive_dir);
            writeln!(out, "There is no archive in {folder}.")?;
        }
    }
    Ok(ending(listed.iter().all(|listed| listed.trouble.is_none())))
}

fn show_listed(listed: &Listed, out: &mut dyn Write) -> Result<(), Failure> {
    let Listed { path, .. } = listed;
    if let Some(reason) = &listed.trouble {
        writeln!(out, "Attention: {path}: {}", display::printable(reason))?;
    }
    let Some(document) = &listed.document else {
        return Ok(());
    };
    writeln!(
        out,
        "{}  {}  {} logs, {} in {}  {path}",
        document.day,
        display::printable(&document.host),
        document.members.len(),
        display::bytes(document.original_bytes),
        display::bytes(document.archive.size),
    )?;
    for member in &document.members {
        writeln!(
            out,
            "  {:>9}  {}",
            display::bytes(member.size),
            display::printable(&member.name)
        )?;
    }
    Ok(())
}

/// The period that was typed.
fn period_of(date: &str, settings: &Settings, now: i64) -> Result<Period, Failure> {
    let when = date
        .parse::<When>()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(when.on(settings.today(now), None))
}

fn restore(
    args: &ArchiveRestoreArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let period = period_of(&args.date, settings, now)?;
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    let hosts = store.as_ref().map_or(Ok(Vec::new()), Store::hosts)?;
    let (mut archives, mut written, mut present, mut faults) = (0, 0, 0, 0);
    let mut is_well = true;
    for known in known_archives(store.as_ref(), &settings.paths.archive_dir)? {
        let archive = &known.archive;
        if !(period.first..=period.last).contains(&archive.day) {
            continue;
        }
        let digest = archive::digest_of_file(&archive.path);
        files::check_interrupted()?;
        let checksum = digest.as_ref().ok().map(|digest| &*digest.sha256);
        let document = known.document(checksum);
        let host = match &document {
            Ok(document) => document.host.clone(),
            Err(_) => known.host_by_place(&hosts, settings),
        };
        if args.host.as_ref().is_some_and(|asked| *asked != host) {
            continue;
        }
        archives += 1;
        // Those of other days are restored all the same.
        if let Err(error) = digest {
            writeln!(out, "Attention: {error}")?;
            faults += 1;
            continue;
        }
        if let Err(reason) = &document {
            let path = files::show(&archive.path);
            let reason = undescribed(reason);
            writeln!(out, "Attention: {path}: {}", display::printable(&reason))?;
            is_well = false;
        }
        let document = document.ok();
        let restored =
            archive::restore(&archive.path, archive.format(), document.as_ref(), &args.to);
        files::check_interrupted()?;
        let restored = restored?;
        written += restored.written.len();
        present += restored.present.len();
        faults += restored.faults.len();
        for path in &restored.written {
            writeln!(out, "{}", files::show(path))?;
        }
        for fault in &restored.faults {
            let member = display::printable(fault.member.as_deref().unwrap_or_default());
            let reason = display::printable(&fault.reason);
            let path = files::show(&archive.path);
            writeln!(out, "Attention: {path}: {member}: {reason}")?;
        }
    }
    if archives == 0 {
        return Err(app::Error::NotThere(format!(
            "no archive of {} in {}; `network-monitor archive list` shows what there is",
            args.date,
            files::show(&settings.paths.archive_dir)
        ))
        .into());
    }
    if !terminal.quiet {
        writeln!(
            out,
            "{} restored, {present} there already, {faults} not restored",
            display::counted(written as u64, "log", "logs")
        )?;
    }
    Ok(ending(is_well && faults == 0))
}

/// Stops asking for archives that are gone.
fn forget(
    args: &ArchiveForgetArgs,
    settings: &Settings,
    now: i64,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let period = period_of(&args.date, settings, now)?;
    let store = Store::open(
        &settings.paths.store_dir,
        &settings::started(now),
        "archive forget",
    )?;
    own_host::record(&store, settings)?;
    let archive_dir = &settings.paths.archive_dir;
    let forgotten = archives::forget_lost(&store, archive_dir, |document| {
        (period.first..=period.last).contains(&document.day)
            && args.host.as_ref().is_none_or(|host| *host == document.host)
    })?;
    if forgotten.is_empty() {
        return Err(app::Error::NotThere(format!(
            "no archive of {} is gone; `network-monitor archive verify` names those that are",
            args.date
        ))
        .into());
    }
    for file in &forgotten {
        writeln!(out, "Forgotten: {}", files::show(&archive_dir.join(file)))?;
    }
    Ok(RunOutcome::Done)
}
