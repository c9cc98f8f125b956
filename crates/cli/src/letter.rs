//! Report → letter: what it says, what it carries, and whom it goes to. Sending is `post.rs`'s.

mod data;
mod problems;

use std::path::{Path, PathBuf};

use mail::{Address, Attachment, Image, Key, Kind, Letter, TemplateFault, Templates};
use report::Report;
use traffic::Period;

use crate::failure::Failure;
use reporting::Written;
use settings::{Email, Settings, Word as _};

use data::{ErrorData, ReportData};
pub(crate) use problems::is_nearly_full;
pub use problems::{Circumstances, Silence, silent};

/// The picture of the day's curve in a letter.
const CURVE: &str = "curve";

/// Whom letters go to, and from whom. The settings have read these addresses already.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Sender.
    pub from: Address,
    /// Recipients.
    pub to: Vec<Address>,
    /// Recipients of a copy.
    pub cc: Vec<Address>,
    /// Recipients whom the others do not see.
    pub bcc: Vec<Address>,
}

impl Envelope {
    /// The addresses of the settings.
    ///
    /// # Errors
    /// Where a setting is missing without which no letter can be sent.
    pub fn of(email: &Email) -> Result<Self, Failure> {
        let missing = email.missing();
        match missing.is_empty() {
            true => Self::with(email, ""),
            false => Err(Failure::Usage(format!(
                "no letter can be sent: the settings have no email.{}",
                missing.join(", no email.")
            ))),
        }
    }

    /// The addresses of the settings for a letter that is only looked at: what is missing is made up.
    ///
    /// # Errors
    /// Where an address is none.
    pub fn to_look_at(email: &Email) -> Result<Self, Failure> {
        let mut envelope = Self::with(email, "sender@example.org")?;
        if envelope.recipients().is_empty() {
            envelope.to.extend("recipient@example.org".parse());
        }
        Ok(envelope)
    }

    fn with(email: &Email, stand_in: &str) -> Result<Self, Failure> {
        let parse = |typed: &String| {
            typed
                .parse::<Address>()
                .map_err(|error| Failure::Usage(format!("{typed:?} {error}")))
        };
        let list = |typed: &[String]| typed.iter().map(parse).collect::<Result<Vec<_>, _>>();
        let from = email.from_addr.clone().unwrap_or(stand_in.to_owned());
        Ok(Self {
            from: parse(&from)?,
            to: list(&email.to_addrs)?,
            cc: list(&email.cc_addrs)?,
            bcc: list(&email.bcc_addrs)?,
        })
    }

    /// Everybody who gets the letter, once each.
    pub fn recipients(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for address in self.to.iter().chain(&self.cc).chain(&self.bcc) {
            let bare = address.bare();
            if !all.iter().any(|known| known.eq_ignore_ascii_case(&bare)) {
                all.push(bare);
            }
        }
        all
    }

    /// The key of a letter to all of them.
    pub fn key(&self, kind: Kind, host: &str, subject: String) -> Key {
        Key {
            kind,
            host: host.to_owned(),
            subject,
            recipients: self.recipients(),
        }
    }
}

/// What the letter about one report is made from.
pub struct Subject<'a> {
    /// The report.
    pub report: &'a Report,
    /// Its period.
    pub period: Period,
    /// Its files.
    pub files: &'a [Written],
    /// Where the files lie for now, and where the letter says they do. `None` where both is the same.
    pub moved: Option<(&'a Path, &'a Path)>,
}

/// Makes letters, as the settings ask.
pub struct Writer<'a> {
    settings: &'a Settings,
    envelope: &'a Envelope,
    templates: Templates,
    now: i64,
}

/// A letter but for its Message-ID, and what was wrong with the user's templates.
pub struct Draft {
    letter: Letter,
    /// What was wrong with the user's templates; the built-in ones wrote the letter.
    pub faults: Vec<TemplateFault>,
}

impl Draft {
    /// The letter with its Message-ID.
    pub fn with_id(self, message_id: String) -> Letter {
        Letter {
            message_id,
            ..self.letter
        }
    }
}

impl<'a> Writer<'a> {
    /// A writer at `now`, in seconds since 1970.
    pub fn new(settings: &'a Settings, envelope: &'a Envelope, now: i64) -> Self {
        let templates = Templates {
            folder: settings.email.templates_dir.clone(),
            fit: |text, columns| display::fitted(text, columns, "…"),
        };
        Self {
            settings,
            envelope,
            templates,
            now,
        }
    }

    /// The key of the letter about a report.
    pub fn key(&self, report: &Report, period: Period) -> Key {
        let kind = match report.period.partial {
            true => Kind::Interim,
            false => Kind::Report,
        };
        self.envelope.key(kind, &report.host, period.stamp())
    }

    /// Writes the letter about a report.
    ///
    /// # Errors
    /// Where a file to be attached cannot be read.
    pub fn write(
        &self,
        subject: &Subject<'_>,
        circumstances: &Circumstances<'_>,
    ) -> Result<Draft, Failure> {
        let report = subject.report;
        let problems = problems::problems(report, circumstances);
        let (attachments, carried) = self.attachments(subject)?;
        let curve = match self.settings.reports.include_charts {
            true => report::charts::day_curve_png(report),
            false => None,
        };
        let data = ReportData::new(report, subject.period, problems, &self.frame());
        let data = data.with_files(carried, curve.is_some().then_some(CURVE));
        let rendered = self.templates.render("daily_report", &data);
        let images = curve.into_iter().map(|png| Image {
            name: CURVE.to_owned(),
            png,
        });
        Ok(Draft {
            letter: Letter {
                images: images.collect(),
                attachments,
                ..self.letter(&data.subject, rendered.text, rendered.html)
            },
            faults: rendered.faults,
        })
    }

    /// Writes the letter about a run that failed, or about logs that stopped.
    pub fn write_error(&self, host: &str, title: &str, message: &str, hint: &str) -> Draft {
        let data = ErrorData::new(host, title, message, hint, &self.frame());
        let rendered = self.templates.render("error_report", &data);
        Draft {
            letter: self.letter(&data.subject, rendered.text, rendered.html),
            faults: rendered.faults,
        }
    }

    /// Writes the letter that only proves the way.
    pub fn write_test(&self) -> Draft {
        let host = display::printable(&self.settings.host);
        let prefix = &self.settings.email.subject_prefix;
        let text = format!(
            "This letter proves that network-monitor on {host} can send mail.\n\
             There is nothing to do.\n"
        );
        let html = format!("<p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;"));
        Draft {
            letter: self.letter(&format!("{prefix}: test from {host}"), text, html),
            faults: Vec::new(),
        }
    }

    fn letter(&self, subject: &str, text: String, html: String) -> Letter {
        Letter {
            from: self.envelope.from.clone(),
            to: self.envelope.to.clone(),
            cc: self.envelope.cc.clone(),
            subject: display::printable(subject).into_owned(),
            date: self.now,
            message_id: String::new(),
            text,
            html,
            images: Vec::new(),
            attachments: Vec::new(),
        }
    }

    fn frame(&self) -> data::Frame<'_> {
        data::Frame {
            prefix: display::printable(&self.settings.email.subject_prefix),
            zone: &self.settings.time_zone,
            now: self.now,
        }
    }

    /// The files that are attached, and what the letter says of each file of the report.
    fn attachments(
        &self,
        subject: &Subject<'_>,
    ) -> Result<(Vec<Attachment>, Vec<data::File>), Failure> {
        let email = &self.settings.email;
        let mut room = u64::from(email.max_attachment_mb) * 1_000_000;
        let mut attachments = Vec::new();
        let mut files = Vec::new();
        for file in subject.files {
            let path = Path::new(&file.path);
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_wanted = is_wanted(&name, email, self.settings.reports.compress_reports);
            let is_attached = is_wanted && file.bytes <= room;
            if is_attached {
                let bytes = std::fs::read(path).map_err(files::Error::context("read", path))?;
                room -= file.bytes;
                attachments.push(Attachment {
                    name: name.clone().into_owned(),
                    bytes,
                });
            }
            let shown: PathBuf = match subject.moved {
                Some((from, to)) => to.join(path.strip_prefix(from).unwrap_or(path)),
                None => path.to_owned(),
            };
            files.push(data::File {
                name: display::printable(&name).into_owned(),
                path: files::show(&shown).to_string(),
                size: display::bytes(file.bytes),
                attached: is_attached,
                left_out: is_wanted && !is_attached,
            });
        }
        Ok((attachments, files))
    }
}

/// Whether the settings ask for a file of a report beside the letter: the zip where there is one,
/// else the formats they name.
fn is_wanted(name: &str, email: &Email, has_zip: bool) -> bool {
    if email.attachments.is_empty() {
        return false;
    }
    if has_zip {
        return name.ends_with(".zip");
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    name.starts_with("report_")
        && (email.attachments.iter()).any(|format| format.word() == extension)
}
