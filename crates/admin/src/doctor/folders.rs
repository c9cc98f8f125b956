//! Whether the folders are there and can be used, and whether the disks have room.

use std::fs;
use std::path::Path;

use files::Space;

use super::check::Check;
use super::machine::Machine;
use crate::accounts::Access;
use settings::Settings;

const TOPIC: &str = "folders";

pub(super) fn checks(settings: &Settings, machine: &Machine) -> Vec<Check> {
    let paths = &settings.paths;
    let archives = settings.archive.enabled;
    let removes_logs = archives && !settings.archive.keep_original;
    let logs = if removes_logs {
        Access::Write
    } else {
        Access::Read
    };
    let mut folders = vec![
        ("paths.log_dir", paths.log_dir.as_path(), logs),
        ("paths.report_dir", &paths.report_dir, Access::Write),
        ("paths.store_dir", &paths.store_dir, Access::Write),
    ];
    if archives {
        folders.push(("paths.archive_dir", &paths.archive_dir, Access::Write));
    }
    folders.extend(
        paths
            .temp_dir
            .iter()
            .map(|path| ("paths.temp_dir", path.as_path(), Access::Write)),
    );
    // They are replaced and rotated, so it is their folders that count.
    let files = [
        ("metrics.textfile", &settings.metrics_textfile),
        ("logging.file", &settings.logging.file),
    ];
    folders.extend(
        files
            .into_iter()
            .filter_map(|(key, file)| Some((key, file.as_deref()?.parent()?, Access::Write))),
    );
    let faults: Vec<Check> = folders
        .iter()
        .filter_map(|(key, path, access)| fault(key, path, *access, machine))
        .collect();
    if faults.is_empty() {
        vec![Check::ok(TOPIC, "all folders in the settings can be used")]
    } else {
        faults
    }
}

fn fault(key: &str, path: &Path, access: Access, machine: &Machine) -> Option<Check> {
    let shown = files::show(path);
    // The others are made where they are needed; logs come from elsewhere.
    if key == "paths.log_dir" && !path.exists() {
        let said = format!("{key}: {shown} is not there");
        let cure = "create it, or set paths.log_dir to where the logs are";
        return Some(Check::fault(TOPIC, said, cure));
    }
    if path.exists() && !path.is_dir() {
        let said = format!("{key}: {shown} is not a folder");
        return Some(Check::fault(
            TOPIC,
            said,
            "move the file away, or name another folder",
        ));
    }
    if let Some(account) = &machine.account
        && let Some(obstacle) = account.obstacle(path, access)
    {
        let name = &account.name;
        let verb = match access {
            Access::Read => "read",
            Access::Write => "write",
        };
        return Some(Check::fault(
            TOPIC,
            format!(
                "{key}: the user {name} cannot {verb} {shown}, because of {}",
                files::show(&obstacle)
            ),
            match (obstacle == path, path.exists()) {
                (true, _) => format!("chown {name} {shown}"),
                (false, true) => format!("let {name} enter {}", files::show(&obstacle)),
                (false, false) => format!("create {shown} and give it to {name}"),
            },
        ));
    }
    if key == "paths.store_dir"
        && let Some(check) = strange(path, machine)
    {
        return Some(check);
    }
    // What modes do not tell: a filesystem that is read-only, full or gone.
    let folder = path.ancestors().find(|at| at.is_dir())?;
    let tried = match access {
        Access::Read => fs::read_dir(folder)
            .map(drop)
            .map_err(files::Error::context("list", folder)),
        Access::Write => files::AtomicFile::create(&folder.join("doctor"), None).map(drop),
    };
    let error = tried.err()?;
    Some(Check::fault(
        TOPIC,
        format!("{key}: {error}"),
        "mount it for writing and free some room, or name another folder",
    ))
}

/// A file of the history that whoever runs the reports cannot write, because another user ran one.
fn strange(store: &Path, machine: &Machine) -> Option<Check> {
    let account = machine.account.as_ref()?;
    let strange = [store.to_owned(), store.join("outbox")]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| account.obstacle(path, Access::Write).is_some())
        .min()?;
    let name = &account.name;
    Some(Check::fault(
        TOPIC,
        format!(
            "{}: the user {name} cannot write it; another user has run a report or ingest",
            files::show(&strange)
        ),
        format!("chown -R {name}: {}", files::show(store)),
    ))
}

/// The disks of all folders, each once.
pub(super) fn disk(settings: &Settings) -> Vec<Check> {
    let paths = &settings.paths;
    let mut seen: Vec<(Option<u64>, &Path, files::Space)> = Vec::new();
    let folders = [
        &paths.log_dir,
        &paths.report_dir,
        &paths.archive_dir,
        &paths.store_dir,
    ];
    for path in folders {
        let Some(folder) = path.ancestors().find(|at| at.is_dir()) else {
            continue;
        };
        let Some(space) = files::space(folder) else {
            continue;
        };
        let device = fs::metadata(folder)
            .ok()
            .and_then(|found| files::FileIdentity::of(&found));
        let device = device.map(|identity| identity.device);
        if !seen.iter().any(|(known, ..)| *known == device) {
            seen.push((device, folder, space));
        }
    }
    seen.iter()
        .map(|(_, folder, space)| room(folder, *space))
        .collect()
}

pub(super) fn room(folder: &Path, space: Space) -> Check {
    let Space { free, all } = space;
    let said = format!(
        "{} of {} are free on the disk of {}",
        display::bytes(free),
        display::bytes(all),
        files::show(folder)
    );
    if space.is_nearly_full() {
        Check::fault(
            "disk",
            said,
            "make room, or let archive.retention_days, reports.retention_days and \
             store.retention_days delete what is old",
        )
    } else {
        Check::ok("disk", said)
    }
}
