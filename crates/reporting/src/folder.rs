//! The files of one report: written whole or not at all, and only where they change. They are written under
//! temporary names; a batch gives them their own, together with those of other reports.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use display::Moment;
use files::{AtomicBatch, AtomicFile};
use serde::Serialize;
use traffic::Period;

use crate::error::{Error, Result};
use settings::{HostLayout, ReportFormat, Settings, Word as _};

/// A file of a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WrittenFile {
    /// Where it is.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// Whether it was written now; else it was there already, byte for byte.
    pub is_new: bool,
}

impl WrittenFile {
    /// The path, and whether it changed.
    pub fn shown(&self) -> String {
        let path = files::show(Path::new(&self.path));
        if self.is_new {
            path.to_string()
        } else {
            format!("{path} (unchanged)")
        }
    }
}

/// Where the files of a host's reports go.
#[derive(Clone, Debug)]
pub struct Target {
    /// The folder.
    pub folder: PathBuf,
    /// Where files are written before they are put in place; `None` is the folder itself.
    pub temp_dir: Option<PathBuf>,
    /// Whether files are written again even if they do not change.
    pub force: bool,
}

impl Target {
    /// The folder of a host's reports by the settings.
    pub fn of(settings: &Settings, host: &str, force: bool) -> Self {
        Self {
            folder: folder_of(settings, host),
            temp_dir: settings.paths.temp_dir.clone(),
            force,
        }
    }
}

/// The folder of a host's reports, and what was written to it.
pub(crate) struct Folder {
    path: PathBuf,
    temp_dir: Option<PathBuf>,
    stamp: String,
    force: bool,
    streamed: Option<(AtomicFile, String)>,
    files: Vec<Draft>,
    /// Whether the bytes of files are kept for the zip.
    is_zipped: bool,
}

/// A file of the report. One that does not change is in place already.
struct Draft {
    name: String,
    written: WrittenFile,
    changed: Option<AtomicFile>,
    /// What it holds, where that was at hand and is wanted once more.
    content: Option<Vec<u8>>,
}

/// The folder of a host's reports. The names of reports follow from their day, so only one host has the
/// report folder itself.
pub(crate) fn folder_of(settings: &Settings, host: &str) -> PathBuf {
    match settings.input.hosts {
        HostLayout::Single if host == settings.host => settings.paths.report_dir.clone(),
        _ => settings.paths.report_dir.join(store::folder_name(host)),
    }
}

/// Whether a report of a period was written before.
pub fn is_written(settings: &Settings, host: &str, period: &Period) -> bool {
    let folder = folder_of(settings, host);
    let stem = format!("report_{}", period.stamp());
    ReportFormat::WORDS
        .iter()
        .any(|(extension, _)| folder.join(format!("{stem}.{extension}")).exists())
}

/// A report of a period that was written before, and the bytes it counts: its JSON, else its summary.
/// `None` if there is neither.
pub fn written_total(settings: &Settings, host: &str, period: &Period) -> Option<(PathBuf, u64)> {
    #[derive(serde::Deserialize)]
    struct Totals {
        total_upload_bytes: u64,
        total_download_bytes: u64,
    }
    let folder = folder_of(settings, host);
    ["report", "summary"].iter().find_map(|kind| {
        let path = folder.join(format!("{kind}_{}.json", period.stamp()));
        // A pipe would be waited for.
        if !path.is_file() {
            return None;
        }
        let json = std::fs::read(&path).ok()?;
        let totals: Totals = serde_json::from_slice(&json).ok()?;
        let bytes = (totals.total_upload_bytes).saturating_add(totals.total_download_bytes);
        Some((path, bytes))
    })
}

impl Folder {
    /// Opens the folder and makes it if there is none; `batch` syncs its name. `is_zipped` says that a zip will
    /// be wanted.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn open(
        target: &Target,
        period: &Period,
        is_zipped: bool,
        batch: &mut AtomicBatch,
    ) -> Result<Self> {
        batch.create_folder(&target.folder)?;
        Ok(Folder {
            path: target.folder.clone(),
            temp_dir: target.temp_dir.clone(),
            stamp: period.stamp(),
            force: target.force,
            streamed: None,
            files: Vec::new(),
            is_zipped,
        })
    }

    /// A report that could not be made.
    pub(crate) fn failed(&self, error: &dyn std::error::Error) -> Error {
        report_failed(&self.path, error)
    }

    /// Begins a file that is written piece by piece.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn begin(&mut self, name: &str) -> Result<File> {
        let target = self.path.join(name);
        let file = AtomicFile::create(&target, self.temp_dir.as_deref())?;
        let handle = file
            .file()
            .try_clone()
            .map_err(files::Error::context("open", &target))?;
        self.streamed = Some((file, name.to_owned()));
        Ok(handle)
    }

    /// Ends the file that was begun. It is dropped if the same bytes are there already.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn end(&mut self, mut handle: File) -> Result<()> {
        let Some((file, name)) = self.streamed.take() else {
            return Ok(());
        };
        let target = self.path.join(&name);
        handle
            .flush()
            .map_err(files::Error::context("write", &target))?;
        let temporary = file.temporary_path().to_owned();
        let bytes = std::fs::metadata(&temporary)
            .map_err(files::Error::context("read", &temporary))?
            .len();
        let is_new = self.force || !same_content(&temporary, &target);
        let changed = is_new.then(|| self.owned(file)).transpose()?;
        self.note(name, bytes, changed, None);
        Ok(())
    }

    /// What root writes belongs to the owner of the folder: the services write there later.
    fn owned(&self, file: AtomicFile) -> Result<AtomicFile> {
        files::give_to_owner_of(&self.path, file.file())?;
        Ok(file)
    }

    /// Writes `<kind>_<period>.<extension>`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(&mut self, kind: &str, extension: &str, bytes: Vec<u8>) -> Result<()> {
        self.put(format!("{kind}_{}.{extension}", self.stamp), bytes)
    }

    /// Writes `<kind>_<period>.json`. What differs in nothing but its timestamp is left as it is.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write_json(
        &mut self,
        kind: &str,
        content: impl Fn(Moment) -> String,
        now: Moment,
    ) -> Result<()> {
        let name = format!("{kind}_{}.json", self.stamp);
        self.put_dated(name, |timestamp| Ok(content(timestamp)), timestamp_of, now)
    }

    /// Writes `report_<period>.html`. What differs in nothing but its timestamp is left as it is.
    ///
    /// # Errors
    /// If it cannot be made or written.
    pub(crate) fn write_html(
        &mut self,
        content: impl Fn(Moment) -> Result<String, report::HtmlError>,
        now: Moment,
    ) -> Result<()> {
        let name = format!("report_{}.html", self.stamp);
        let failed = self.path.clone();
        let content =
            |timestamp| content(timestamp).map_err(|error| report_failed(&failed, &error));
        self.put_dated(name, content, report::timestamp_of_html, now)
    }

    fn put_dated(
        &mut self,
        name: String,
        content: impl Fn(Moment) -> Result<String>,
        timestamp_of: impl Fn(&str) -> Option<Moment>,
        now: Moment,
    ) -> Result<()> {
        if !self.force
            && let Ok(old) = std::fs::read_to_string(self.path.join(&name))
            && let Some(timestamp) = timestamp_of(&old)
            && content(timestamp)? == old
        {
            self.note(name, old.len() as u64, None, Some(old.into_bytes()));
            return Ok(());
        }
        self.put(name, content(now)?.into_bytes())
    }

    /// Writes `reports_<period>.zip` of all files so far.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write_zip(&mut self) -> Result<()> {
        self.is_zipped = false;
        let mut members = Vec::new();
        for draft in &mut self.files {
            let bytes = match draft.content.take() {
                Some(content) => content,
                None => {
                    let path = match &draft.changed {
                        Some(file) => file.temporary_path().to_owned(),
                        None => self.path.join(&draft.name),
                    };
                    std::fs::read(&path).map_err(files::Error::context("read", &path))?
                }
            };
            members.push((draft.name.clone(), bytes));
        }
        let zip = std::io::Cursor::new(Vec::new());
        let zip = report::write_zip(zip, members).map_err(|error| self.failed(&error))?;
        self.write("reports", "zip", zip.into_inner())
    }

    /// Hands the files to a batch, in the order they were written.
    pub(crate) fn finish(self, batch: &mut AtomicBatch) -> Vec<WrittenFile> {
        let hand_over = |draft: Draft| {
            draft.changed.into_iter().for_each(|file| batch.add(file));
            draft.written
        };
        self.files.into_iter().map(hand_over).collect()
    }

    fn put(&mut self, name: String, bytes: Vec<u8>) -> Result<()> {
        let target = self.path.join(&name);
        let is_new = self.force || std::fs::read(&target).map_or(true, |old| old != bytes);
        let changed = if is_new {
            let mut file = AtomicFile::create(&target, self.temp_dir.as_deref())?;
            file.write_all(&bytes)
                .map_err(files::Error::context("write", &target))?;
            Some(self.owned(file)?)
        } else {
            None
        };
        self.note(name, bytes.len() as u64, changed, Some(bytes));
        Ok(())
    }

    fn note(
        &mut self,
        name: String,
        bytes: u64,
        changed: Option<AtomicFile>,
        content: Option<Vec<u8>>,
    ) {
        let path = self.path.join(&name).to_string_lossy().into_owned();
        self.files.push(Draft {
            name,
            written: WrittenFile {
                path,
                bytes,
                is_new: changed.is_some(),
            },
            changed,
            content: content.filter(|_| self.is_zipped),
        });
    }
}

fn report_failed(path: &Path, error: &dyn std::error::Error) -> Error {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        reason.push_str(&format!(": {error}"));
        cause = error.source();
    }
    Error::Render {
        path: files::show(path).to_string(),
        reason,
    }
}

/// The time that a JSON report has.
fn timestamp_of(json: &str) -> Option<Moment> {
    #[derive(serde::Deserialize)]
    struct Head {
        timestamp: Moment,
    }
    serde_json::from_str::<Head>(json)
        .ok()
        .map(|head| head.timestamp)
}

fn same_content(one: &Path, other: &Path) -> bool {
    match (std::fs::metadata(one), std::fs::metadata(other)) {
        (Ok(a), Ok(b)) if a.len() == b.len() => {
            matches!((std::fs::read(one), std::fs::read(other)), (Ok(a), Ok(b)) if a == b)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
