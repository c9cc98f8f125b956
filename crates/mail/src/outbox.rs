//! Letters on disk: each is here, synced, before it is sent, and what became of it stays here.
//!
//! ```text
//! outbox/lock         one process sends at a time
//! outbox/KEY.json     the record of a letter: the commit point, replaced atomically
//! outbox/KEY.eml      the message, as long as a recipient waits for it
//! outbox/KEY.new      the message before its record is written; then it becomes KEY.eml
//! outbox/damaged/     records and messages that are damaged or lost each other, set aside
//! ```
//!
//! A folder of its own and not a table of the history's catalogue: the catalogue can be thrown
//! away and made again from the history, and that must not send every letter once more.
//!
//! A crash after the server took a letter and before the record says so sends it again, with the
//! same Message-ID, by which mail programs know it. Whatever else happens, no letter goes twice.

mod deliver;

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use twox_hash::XxHash3_128;

use crate::{Address, Letter};
pub use deliver::{Delivery, Which};

/// Raised when older programs would misread a record.
const VERSION: u32 = 1;
/// Bytes that a record may have: a thousand recipients, each with the longest reply of a server.
const LARGEST_RECORD: u64 = 64 << 20;
/// Bytes that a message may have whose record does not say how many it has; servers take less.
const LARGEST_MESSAGE: u64 = 256 << 20;
/// The key of a record's own checksum.
const RECORD_CHECKSUM: &str = "record_checksum";

/// What a letter is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A report.
    Report,
    /// A report of a period that was not over.
    Interim,
    /// A run that failed, or logs that stopped.
    Error,
}

/// What makes a letter the same letter: it is delivered once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What it is about.
    pub kind: Kind,
    /// The host.
    pub host: String,
    /// The period, or what failed and when.
    pub subject: String,
    /// Everybody who gets it, as bare addresses in any order.
    pub recipients: Vec<String>,
}

/// What became of a recipient's letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum State {
    /// It has to be sent, perhaps again.
    Waiting,
    /// The server took it.
    Delivered {
        /// When, in seconds since 1970.
        at: i64,
    },
    /// The server refused it for good.
    Refused {
        /// When, in seconds since 1970.
        at: i64,
        /// What it said.
        reason: String,
    },
}

/// A recipient and what became of the letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Bare address.
    pub address: String,
    /// What became of it.
    #[serde(flatten)]
    pub state: State,
}

/// What is known of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    version: u32,
    /// What it is about.
    pub kind: Kind,
    /// The host.
    pub host: String,
    /// The period, or what failed and when.
    pub about: String,
    /// The subject line.
    pub subject: String,
    /// The sender as a bare address.
    pub from: String,
    /// Its Message-ID.
    pub message_id: String,
    /// How often it was made: more than once where somebody asked for it again.
    pub edition: u32,
    /// Everybody who gets it.
    pub recipients: Vec<Recipient>,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// Attempts that failed since.
    pub attempts: u32,
    /// Not before this second does a run try again by itself.
    pub next_attempt: i64,
    /// Why the last attempt failed.
    pub trouble: Option<String>,
    /// The checksum of the message. `None` in records of versions that kept none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checksum: Option<String>,
    /// The bytes of the message. `None` in records of versions that did not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

/// What keeps a letter from being sent for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Its record cannot be read.
    Record,
    /// Its message is not the one that was written.
    Message,
    /// Its message is there, and no record says whose it is.
    Recipients,
}

/// A letter that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where the file lies that is damaged or left over.
    pub path: PathBuf,
    /// What is wrong.
    pub lost: Lost,
}

/// An error of the outbox.
#[derive(Debug, thiserror::Error)]
pub enum OutboxError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] files::Error),
    /// Another process sends.
    #[error(transparent)]
    Held(#[from] files::LockError),
    /// A record cannot be read.
    #[error(
        "{}: is damaged: {reason}; the next run that sends letters sets it aside",
        files::show(path)
    )]
    Damaged {
        /// The record.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A record is of a later version of this program.
    #[error(
        "{}: was written by a newer version of this program; use that one, or move the file away",
        files::show(path)
    )]
    Newer {
        /// The record.
        path: PathBuf,
    },
}

type Result<T> = std::result::Result<T, OutboxError>;

/// The open outbox. Nobody else sends as long as it lives.
#[derive(Debug)]
pub struct Outbox {
    folder: PathBuf,
    set_aside: Vec<SetAside>,
    _lock: files::Lock,
}

impl Key {
    /// The key's file name: 16 digits of hash. What it stands for is in the record.
    fn name(&self) -> String {
        let mut recipients: Vec<String> = self
            .recipients
            .iter()
            .map(|address| address.to_lowercase())
            .collect();
        recipients.sort();
        recipients.dedup();
        let whole = (self.kind, &self.host, &self.subject, recipients);
        let text = serde_json::to_string(&whole).expect("strings become JSON");
        format!("{:016x}", XxHash3_128::oneshot(text.as_bytes()) >> 64)
    }

    /// The Message-ID of an edition: the same each time for the same host, period and recipients.
    pub fn message_id(&self, edition: u32, from: &Address) -> String {
        let from = from.bare();
        let domain = from.rsplit_once('@').map_or("", |(_, domain)| domain);
        let domain = if domain.is_ascii() && !domain.is_empty() {
            domain
        } else {
            "localhost"
        };
        format!("<{}.{edition}.network-monitor@{domain}>", self.name())
    }
}

impl Record {
    /// Those who still wait for it.
    pub fn waiting(&self) -> impl Iterator<Item = &Recipient> {
        self.recipients
            .iter()
            .filter(|recipient| recipient.state == State::Waiting)
    }

    /// Whether somebody still waits for it.
    pub fn is_waiting(&self) -> bool {
        self.waiting().next().is_some()
    }

    /// The message that the record was written for. `None` if the file is something else, of which no more
    /// is read than the message had.
    fn message(&self, path: &Path) -> std::io::Result<Option<Vec<u8>>> {
        let there = fs::symlink_metadata(path)?;
        let is_possible = match self.size {
            Some(size) => there.len() == size,
            None => there.len() <= LARGEST_MESSAGE,
        };
        if !there.is_file() || !is_possible {
            return Ok(None);
        }
        let mut eml = Vec::new();
        (fs::File::open(path)?.take(there.len())).read_to_end(&mut eml)?;
        let checksum = self.checksum.as_ref();
        let is_whole = checksum.is_none_or(|checksum| *checksum == checksum_of(&eml));
        Ok(is_whole.then_some(eml))
    }

    /// Those who refused it, with what their server said.
    pub fn refused(&self) -> impl Iterator<Item = (&str, &str)> {
        self.recipients
            .iter()
            .filter_map(|recipient| match &recipient.state {
                State::Refused { reason, .. } => {
                    Some((recipient.address.as_str(), reason.as_str()))
                }
                State::Waiting | State::Delivered { .. } => None,
            })
    }
}

impl Outbox {
    /// Opens the outbox to send from it, and makes the folder if there is none. What a crash left
    /// is finished or goes. Letters that cannot be sent any more are set aside: see
    /// [`Outbox::set_aside`].
    ///
    /// # Errors
    /// [`OutboxError::Held`] if another process sends.
    pub fn open(folder: &Path, started: &str, command: &str) -> Result<Self> {
        files::create_folder(folder)?;
        let lock = files::Lock::acquire(&folder.join("lock"), started, command)?;
        files::sweep_temporaries(folder)?;
        let mut outbox = Self {
            folder: folder.to_owned(),
            set_aside: Vec::new(),
            _lock: lock,
        };
        for name in names(folder, "json")? {
            match read(&outbox.path(&name, "json")) {
                Err(OutboxError::Damaged { .. }) => outbox.put_aside(&name, Lost::Record)?,
                outcome => drop(outcome?),
            }
        }
        for name in names(folder, "new")? {
            outbox.finish_putting(&name)?;
        }
        for name in names(folder, "eml")? {
            match read(&outbox.path(&name, "json"))? {
                // A message gets its name after its record is written: this record was lost since.
                None => outbox.put_aside(&name, Lost::Recipients)?,
                Some(record) if !record.is_waiting() => outbox.forget(&name, "eml")?,
                Some(_) => {}
            }
        }
        Ok(outbox)
    }

    /// Letters that were found since the outbox was opened to be damaged. Whether they went out is not
    /// known where the record is lost; no run sends them again by itself.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// Moves a letter to the folder `damaged`, its message before its record: without its record the
    /// message would be set aside once more.
    fn put_aside(&mut self, name: &str, lost: Lost) -> Result<()> {
        for extension in ["eml", "json"] {
            self.move_aside(name, extension)?;
        }
        let extension = match lost {
            Lost::Record => "json",
            Lost::Message | Lost::Recipients => "eml",
        };
        self.set_aside.push(SetAside {
            path: self.aside(name, extension),
            lost,
        });
        Ok(())
    }

    /// Moves a file to the folder `damaged`, if it is there.
    fn move_aside(&self, name: &str, extension: &str) -> Result<()> {
        files::create_folder(&self.folder.join("damaged"))?;
        let from = self.path(name, extension);
        match fs::rename(&from, self.aside(name, extension)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            outcome => Ok(outcome.map_err(files::Error::context("move", &from))?),
        }
    }

    fn aside(&self, name: &str, extension: &str) -> PathBuf {
        self.folder
            .join("damaged")
            .join(format!("{name}.{extension}"))
    }

    /// Finishes what a crash or the disk stopped while a letter was put in: the record is the commit point.
    fn finish_putting(&self, name: &str) -> Result<()> {
        let path = self.path(name, "new");
        let message = match read(&self.path(name, "json"))? {
            Some(record) if record.checksum.is_some() => record
                .message(&path)
                .map_err(files::Error::context("read", &path))?,
            _ => None,
        };
        match message {
            Some(_) => self.name_message(name),
            None => self.forget(name, "new"),
        }
    }

    /// Gives the message of a record that was written its name.
    fn name_message(&self, name: &str) -> Result<()> {
        let from = self.path(name, "new");
        fs::rename(&from, self.path(name, "eml")).map_err(files::Error::context("move", &from))?;
        Ok(())
    }

    /// All records of an outbox, oldest first; none if there is no folder. Works beside a
    /// process that sends.
    ///
    /// # Errors
    /// If the folder or a record cannot be read.
    pub fn records(folder: &Path) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        for name in names(folder, "json")? {
            records.extend(read(&folder.join(format!("{name}.json")))?);
        }
        records.sort_by(|a, b| (a.created, &a.about).cmp(&(b.created, &b.about)));
        Ok(records)
    }

    /// What is known of a letter. `None` if it was never written.
    ///
    /// # Errors
    /// If its record cannot be read.
    pub fn find(&self, key: &Key) -> Result<Option<Record>> {
        read(&self.path(&key.name(), "json"))
    }

    /// Puts a letter in, where it waits for all its recipients. `write` gets its Message-ID. Where
    /// the letter is known already it becomes a new edition, with a Message-ID of its own.
    ///
    /// # Errors
    /// If it cannot be written. Then nothing has changed, or it waits all the same.
    pub fn put(
        &mut self,
        key: &Key,
        from: &Address,
        now: i64,
        write: impl FnOnce(String) -> Letter,
    ) -> Result<Record> {
        let name = key.name();
        let edition = 1 + self.find(key)?.map_or(0, |record| record.edition);
        let message_id = key.message_id(edition, from);
        let letter = write(message_id.clone());
        let eml = letter.compose();
        files::write_atomically(&self.path(&name, "new"), None, |out| out.write_all(&eml))?;
        let record = Record {
            version: VERSION,
            kind: key.kind,
            host: key.host.clone(),
            about: key.subject.clone(),
            subject: letter.subject,
            from: from.bare(),
            message_id,
            edition,
            recipients: key
                .recipients
                .iter()
                .map(|address| Recipient {
                    address: address.clone(),
                    state: State::Waiting,
                })
                .collect(),
            created: now,
            attempts: 0,
            next_attempt: now,
            trouble: None,
            checksum: Some(checksum_of(&eml)),
            size: Some(eml.len() as u64),
        };
        self.keep(&name, &record)?;
        self.name_message(&name)?;
        Ok(record)
    }

    fn keep(&self, name: &str, record: &Record) -> Result<()> {
        let mut json = serde_json::to_value(record).expect("a record becomes JSON");
        json[RECORD_CHECKSUM] = checksum_of(json.to_string().as_bytes()).into();
        let json = serde_json::to_vec_pretty(&json).expect("a record becomes JSON");
        let path = self.path(name, "json");
        files::write_atomically(&path, None, |out| out.write_all(&json))?;
        Ok(())
    }

    fn forget(&self, name: &str, extension: &str) -> Result<()> {
        let path = self.path(name, extension);
        match fs::remove_file(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            // A folder in the place of a letter is nothing of ours.
            Err(_) if path.is_dir() => self.move_aside(name, extension),
            outcome => Ok(outcome.map_err(files::Error::context("remove", &path))?),
        }
    }

    fn path(&self, name: &str, extension: &str) -> PathBuf {
        self.folder.join(format!("{name}.{extension}"))
    }
}

fn read(path: &Path) -> Result<Option<Record>> {
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        outcome => outcome.map_err(files::Error::context("read", path))?,
    };
    let damaged = |reason: String| OutboxError::Damaged {
        path: path.to_owned(),
        reason,
    };
    // Nothing else is opened: a pipe would be waited for.
    if !there.is_file() {
        return Err(damaged("it is not a regular file".to_owned()));
    }
    if there.len() > LARGEST_RECORD {
        return Err(damaged("it is larger than a record can be".to_owned()));
    }
    let text = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        outcome => outcome.map_err(files::Error::context("read", path))?,
    };
    let not_a_record = |error: serde_json::Error| damaged(error.to_string());
    let mut json: Map<String, Value> = serde_json::from_slice(&text).map_err(not_a_record)?;
    if json.get("version").and_then(Value::as_u64) > Some(VERSION.into()) {
        return Err(OutboxError::Newer {
            path: path.to_owned(),
        });
    }
    // Records of earlier versions have none.
    let checksum = json.remove(RECORD_CHECKSUM);
    let json = Value::Object(json);
    if checksum.is_some_and(|checksum| checksum != checksum_of(json.to_string().as_bytes())) {
        return Err(damaged("its checksum differs".to_owned()));
    }
    let record = serde_json::from_value(json).map_err(not_a_record)?;
    Ok(Some(record))
}

/// The checksum of a message or a record: XXH3 with 128 bits, as 32 digits.
fn checksum_of(bytes: &[u8]) -> String {
    format!("{:032x}", XxHash3_128::oneshot(bytes))
}

/// Names of letters by the files with an extension, without it, in order. What lies there in place of a file
/// is found to be damaged by whoever reads it.
fn names(folder: &Path, extension: &str) -> Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        outcome => outcome.map_err(files::Error::context("read the folder", folder))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(files::Error::context("read the folder", folder))?;
        let name = entry.file_name();
        // Programs that copy folders leave other names: such a copy is no letter of its own.
        let is_key =
            |name: &str| name.len() == 16 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
        if let Some((name, found)) = name.to_str().and_then(|name| name.rsplit_once('.'))
            && found == extension
            && is_key(name)
        {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
#[path = "outbox/tests.rs"]
mod tests;
