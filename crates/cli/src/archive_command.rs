//! `archive`: on its own, and what can be asked of the archives.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::time::Duration;

use archive::Document;
use display::print_json;
use serde::Serialize;
use store::{Store, fold_log};
use tracing::warn;
use traffic::{Period, When};

use crate::archiving::{self, ArchiveSummary, Scope, fold_through_pipe, known_document, record_of};
use crate::args::{
    ArchiveArgs, ArchiveCommand, ArchiveForgetArgs, ArchiveListArgs, ArchiveRestoreArgs,
};
use crate::claims::{self, Standing};
use crate::dry_run::DryRun;
use crate::failure::{Ending, Failure};
use crate::known_archives::{self, Known, known_archives, undescribed};
use crate::own_host;
use crate::pipeline::tuning;
use crate::publish;
use crate::rename_host::rename_in_archive;
use crate::report_command::ReportResult;
use crate::retention;
use crate::terminal::World;
use crate::watch;
use settings::Settings;

/// How often an archive in doubt is looked at again while a run may be replacing it, and the pause before.
const LOOKS: usize = 3;
const PAUSE: Duration = Duration::from_millis(200);

/// Archives that are named; of more, the number.
const SHOWN: usize = 10;

/// Runs the command.
///
/// # Errors
/// Where the catalogue or an archive cannot be read or written.
pub fn run(
    args: &ArchiveArgs,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    match &args.command {
        Some(_) if args.dry_run => Err(Failure::Usage(
            "--dry-run is for `archive` itself, not for its commands".to_owned(),
        )),
        None if args.dry_run => {
            if let Some(store) = Store::open_to_read(&settings.paths.store_dir)? {
                let mut planned = DryRun::default();
                planned.plan_retention(&store, settings, world)?;
                planned.plan_archives(&store, settings, world)?;
                planned.show(out)?;
            }
            writeln!(out, "Nothing was done.")?;
            Ok(Ending::Done)
        }
        None => {
            let mut store = Store::open(&settings.paths.store_dir, &world.started(), "archive")?;
            own_host::record(&store, settings)?;
            let standing = claims::examine(&store, settings)?;
            publish::sweep(settings);
            let summary = archive_logs(&mut store, settings, world, Scope::Ingested, &[])?;
            if standing == Standing::Current {
                claims::claim(&store, settings, !summary.written.is_empty())?;
            }
            watch::forget_abandoned(&mut store, "archive");
            if !world.quiet {
                writeln!(out, "{}", told(&summary))?;
            }
            Ok(ending(summary.trouble.is_empty()))
        }
        Some(ArchiveCommand::Verify) => verify(settings, world, out),
        Some(ArchiveCommand::List(args)) => list(args, settings, out),
        Some(ArchiveCommand::Restore(args)) => restore(args, settings, world, out),
        Some(ArchiveCommand::Forget(args)) => forget(args, settings, world, out),
    }
}

fn ending(is_well: bool) -> Ending {
    match is_well {
        true => Ending::Done,
        false => Ending::Attention,
    }
}

/// Deletes what is past its time, then archives what is finished. In this order an archive of old logs
/// stays at least until the next run, and so do the reports that this run made.
///
/// # Errors
/// Where the catalogue cannot be written.
pub fn archive_logs(
    store: &mut Store,
    settings: &Settings,
    world: &World,
    scope: Scope,
    made: &[ReportResult],
) -> Result<ArchiveSummary, Failure> {
    let mut summary = ArchiveSummary::default();
    let mut expired = retention::plan(store, settings, world)?;
    expired.keep_reports(made);
    retention::carry_out(expired, store, &mut summary)?;
    let plan = archiving::plan(store, settings, world, scope)?;
    archiving::carry_out(plan, store, settings, &mut summary)?;
    known_archives::settle_lost(store, settings, world)?;
    let expired = retention::plan(store, settings, world)?.archives;
    let paths = expired
        .iter()
        .map(|archive| files::show(&archive.path).to_string());
    summary.expiring = paths
        .filter(|path| summary.written.contains(path))
        .collect();
    if !summary.expiring.is_empty() {
        warn!(
            "{} of days past archive.retention_days ({}): the next run deletes them",
            display::counted(summary.expiring.len() as u64, "archive", "archives"),
            settings.archive.retention_days
        );
    }
    Ok(summary)
}

/// What was archived, in lines.
pub fn told(summary: &ArchiveSummary) -> String {
    let mut text = format!(
        "Archive: {} archived, {} removed, {} left for later",
        display::counted(summary.archived, "log", "logs"),
        summary.removed,
        summary.waiting.len()
    );
    if !summary.expired.is_empty() {
        let expired = display::counted(summary.expired.len() as u64, "file", "files");
        text.push_str(&format!(", {expired} deleted because of their age"));
    }
    let days = || summary.dropped.iter().map(|dropped| &dropped.day);
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for log in &summary.waiting {
        *reasons.entry(&log.reason).or_default() += 1;
    }
    for (reason, count) in reasons {
        text.push_str(&format!("\n  {count} left: {}", display::printable(reason)));
    }
    for path in summary.written.iter().take(SHOWN) {
        text.push_str(&format!("\n  {path}"));
    }
    if let Some(more) = summary
        .written
        .len()
        .checked_sub(SHOWN)
        .filter(|more| *more > 0)
    {
        text.push_str(&format!(
            "\n  and {}",
            display::counted(more as u64, "more archive", "more archives")
        ));
    }
    if let (Some(first), Some(last)) = (days().min(), days().max()) {
        let bytes = summary.dropped.iter().map(|dropped| dropped.bytes).sum();
        text.push_str(&format!(
            "\nHistory: {} dropped because of their age, {first} to {last}, {}",
            display::counted(summary.dropped.len() as u64, "day", "days"),
            display::bytes(bytes)
        ));
    }
    if let (Some(first), Some(last)) = (summary.expiring.first(), summary.expiring.last()) {
        text.push_str(&format!(
            "\nMind: the next run deletes {} of these archives, whose days are past archive.retention_days, {first} to {last}. \
             archive.clean_old_archives: false keeps them, or a larger number of days.",
            summary.expiring.len()
        ));
    }
    for trouble in &summary.trouble {
        let reason = display::printable(&trouble.reason);
        text.push_str(&format!("\nAttention: {}: {reason}", trouble.path));
    }
    text
}

/// What is wrong with an archive. One that a run replaces meanwhile is looked at again.
fn faults_at_rest(
    mut known: Known,
    store: Option<&Store>,
    settings: &Settings,
) -> Result<(usize, Vec<String>), Failure> {
    let mut found = known.faults();
    for _ in 0..LOOKS {
        if found.1.is_empty()
            || files::lock_holder(&settings.paths.store_dir.join("lock")).is_none()
        {
            break;
        }
        std::thread::sleep(PAUSE);
        let mut all = known_archives(store, &settings.paths.archive_dir)?.into_iter();
        let Some(now) = all.find(|other| other.archive == known.archive) else {
            // Its time was over.
            return Ok((0, Vec::new()));
        };
        known = now;
        found = known.faults();
    }
    Ok(found)
}

fn verify(settings: &Settings, world: &World, out: &mut dyn Write) -> Result<Ending, Failure> {
    let store = Store::open_to_read(&settings.paths.store_dir)?;
    let known = known_archives(store.as_ref(), &settings.paths.archive_dir)?;
    let (mut archives, mut logs, mut damaged) = (0, 0, 0);
    for known in known {
        let path = files::show(&known.archive.path).to_string();
        let (count, faults) = faults_at_rest(known, store.as_ref(), settings)?;
        Failure::if_interrupted()?;
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
        Some(store) => known_archives::replaced_archives(store)?,
        None => Vec::new(),
    };
    for lost in &lost {
        let told = lost.told(&settings.paths.archive_dir);
        writeln!(out, "{}", display::printable(&told))?;
    }
    if !world.quiet {
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
) -> Result<Ending, Failure> {
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
fn period_of(date: &str, settings: &Settings, world: &World) -> Result<Period, Failure> {
    let when = date
        .parse::<When>()
        .map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(when.on(world.today(settings)))
}

fn restore(
    args: &ArchiveRestoreArgs,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let period = period_of(&args.date, settings, world)?;
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
        Failure::if_interrupted()?;
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
        Failure::if_interrupted()?;
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
        return Err(Failure::NotThere(format!(
            "no archive of {} in {}; `network-monitor archive list` shows what there is",
            args.date,
            files::show(&settings.paths.archive_dir)
        )));
    }
    if !world.quiet {
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
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let period = period_of(&args.date, settings, world)?;
    let store = Store::open(
        &settings.paths.store_dir,
        &world.started(),
        "archive forget",
    )?;
    own_host::record(&store, settings)?;
    let archive_dir = &settings.paths.archive_dir;
    let forgotten = known_archives::forget_lost(&store, archive_dir, |document| {
        (period.first..=period.last).contains(&document.day)
            && args.host.as_ref().is_none_or(|host| *host == document.host)
    })?;
    if forgotten.is_empty() {
        return Err(Failure::NotThere(format!(
            "no archive of {} is gone; `network-monitor archive verify` names those that are",
            args.date
        )));
    }
    for file in &forgotten {
        writeln!(out, "Forgotten: {}", files::show(&archive_dir.join(file)))?;
    }
    Ok(Ending::Done)
}

/// Notes all archives that their metadata describe, as after a rebuild the catalogue knows none. Gives what
/// is wrong with the others.
///
/// # Errors
/// Where the catalogue cannot be written.
pub fn adopt(store: &Store, settings: &Settings) -> Result<Vec<String>, Failure> {
    let archive_dir = &settings.paths.archive_dir;
    let mut trouble = Vec::new();
    for archive in archive::find(archive_dir)? {
        if std::fs::symlink_metadata(&archive.path).is_err() {
            // Only its metadata are there.
            if let Ok(Some(document)) = Document::read(&archive.metadata()) {
                store.note_lost_archive(&archiving::record_of(&archive, &document))?;
            }
            continue;
        }
        if let Err(reason) = known_document(store, &archive, &settings.paths.log_dir)? {
            trouble.push(format!("{}: {reason}", files::show(&archive.path)));
        }
        Failure::if_interrupted()?;
    }
    for lost in known_archives::replaced_archives(store)? {
        trouble.push(lost.told(archive_dir));
    }
    Ok(trouble)
}

/// Brings all archived logs back into the history. Gives the number of logs that were read, and of what was
/// wrong.
///
/// # Errors
/// Where the store cannot be written. What cannot be read is told and counted as a fault.
pub fn ingest_archives(
    store: &mut Store,
    settings: &Settings,
    out: &mut dyn Write,
) -> Result<(u64, u64), Failure> {
    let (mut logs, mut faults) = (0, 0);
    let tuning = tuning(settings);
    let (hosts, former) = (store.hosts()?, store.former_names()?);
    for known in known_archives(Some(store), &settings.paths.archive_dir)? {
        let path = files::show(&known.archive.path).to_string();
        let digest = archive::digest_of_file(&known.archive.path);
        Failure::if_interrupted()?;
        let checksum = match digest {
            Ok(digest) => digest.sha256,
            Err(error) => {
                writeln!(out, "{error}")?;
                faults += 1;
                continue;
            }
        };
        let document = known.document(Some(&checksum));
        let host = match &document {
            Ok(document) => document.host.clone(),
            Err(_) => known.host_by_place(&hosts, settings),
        };
        let renamed = former.iter().find(|(name, _)| *name == host);
        let host = renamed.map_or(host, |(_, now)| now.clone());
        let root = store.root().to_owned();
        let mut failed: Option<Failure> = None;
        let mut ingest = |member: &str, content: &mut dyn Read| {
            if failed.is_some() {
                return;
            }
            let name = format!("{path}: {member}");
            let folded =
                fold_through_pipe(content, |log| fold_log(&root, &host, &name, log, &tuning));
            let ingested = match folded {
                Ok(Ok(folded)) => store.ingest(vec![folded]).map(|_| logs += 1),
                Ok(Err(error)) => Err(error),
                // The check says what is wrong with the member.
                Err(_) => Ok(()),
            };
            failed = ingested.err().map(Failure::from);
        };
        let found = match &document {
            Ok(document) => archive::check(&known.archive.path, document, |member, content| {
                ingest(&member.name, content);
            })?,
            Err(reason) => {
                let reason = undescribed(reason);
                writeln!(out, "{path}: {}", display::printable(&reason))?;
                faults += 1;
                known.read_undescribed(ingest)?.1
            }
        };
        if let Some(failure) = failed {
            return Err(failure);
        }
        Failure::if_interrupted()?;
        for fault in &found {
            let fault = known_archives::fault_text(fault);
            writeln!(out, "{path}: {}", display::printable(&fault))?;
        }
        faults += found.len() as u64;
        if let Ok(document) = document
            && found.is_empty()
            && document.archive.sha256 == checksum
        {
            // What it holds is in the history: it is known from now on.
            match document.host == host {
                true => store.note_archive(&record_of(&known.archive, &document))?,
                false => {
                    let archive = &known.archive;
                    let kept = rename_in_archive(store, settings, archive, document, &host)?;
                    if let Some(reason) = kept {
                        writeln!(out, "{path}: {}", display::printable(&reason))?;
                        faults += 1;
                    }
                }
            }
        }
    }
    Ok((logs, faults))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::Unreadable;

    #[test]
    fn a_summary_says_each_reason_once() {
        let waiting = |path: &str| Unreadable {
            path: path.to_owned(),
            reason: "its day is not over".to_owned(),
        };
        let summary = ArchiveSummary {
            archived: 1,
            waiting: vec![waiting("a"), waiting("b")],
            ..ArchiveSummary::default()
        };
        assert_eq!(
            told(&summary),
            "Archive: 1 log archived, 0 removed, 2 left for later\n  2 left: its day is not over"
        );
    }
}
