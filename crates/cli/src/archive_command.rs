//! `archive`: on its own, and what can be asked of the archives.

use std::collections::BTreeMap;
use std::io::Write;

use archive::Document;
use lifecycle::archives::{self, known_archives, undescribed};
use lifecycle::claims::{self, Standing};
use lifecycle::{ArchiveSummary, Scope, archive_logs, own_host};
use serde::Serialize;
use store::Store;
use traffic::{Period, When};

use crate::args::{
    ArchiveArgs, ArchiveCommand, ArchiveForgetArgs, ArchiveListArgs, ArchiveRestoreArgs,
};
use crate::dry_run::DryRun;
use crate::failure::{Ending, Failure};
use crate::terminal::World;
use crate::watch;
use display::print_json;
use settings::Settings;

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
            let mut store = Store::open(
                &settings.paths.store_dir,
                &settings::started(world.now),
                "archive",
            )?;
            own_host::record(&store, settings)?;
            let standing = claims::examine(&store, settings)?;
            lifecycle::sweep(settings);
            let summary = archive_logs(&mut store, settings, world.now, Scope::Ingested, &[])?;
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

fn verify(settings: &Settings, world: &World, out: &mut dyn Write) -> Result<Ending, Failure> {
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
    Ok(when.on(settings.today(world.now)))
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
        &settings::started(world.now),
        "archive forget",
    )?;
    own_host::record(&store, settings)?;
    let archive_dir = &settings.paths.archive_dir;
    let forgotten = archives::forget_lost(&store, archive_dir, |document| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use lifecycle::Unreadable;

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
