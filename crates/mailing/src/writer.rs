//! Report → letter: what it says and what it carries.

use analysis::Severity;
use mail::{Key, Kind, Letter, TemplateFault, Templates};
use report::Report;
use settings::Settings;
use traffic::Period;

use crate::attachments::{ReportFile, attachments};
use crate::data::{self, ErrorData, ReportData};
use crate::envelope::Envelope;
use crate::error::Result;
use crate::problems::{Circumstances, problems};

/// The report that a letter is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The report.
    pub report: &'a Report,
    /// Its period.
    pub period: Period,
    /// Its files.
    pub files: &'a [ReportFile],
}

impl Subject<'_> {
    /// Whether it has news that cannot wait.
    pub(crate) fn is_urgent(&self) -> bool {
        let worst = self.report.worst();
        worst.is_some_and(|one| one.finding.severity == Severity::Critical && !one.goes_on())
    }
}

/// Makes letters, as the settings ask.
pub struct Writer<'a> {
    settings: &'a Settings,
    envelope: &'a Envelope,
    templates: Templates,
    now: i64,
}

/// A letter but for its Message-ID, and what was wrong with the user's templates.
pub struct LetterDraft {
    letter: Letter,
    /// What was wrong with the user's templates; the built-in ones wrote the letter.
    pub faults: Vec<TemplateFault>,
}

impl LetterDraft {
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
        let kind = if report.period.partial {
            Kind::Interim
        } else {
            Kind::Report
        };
        self.envelope.key(kind, &report.host, period.stamp())
    }

    /// Writes the letter about a report.
    ///
    /// # Errors
    /// If a file to be attached cannot be read.
    pub fn write(
        &self,
        subject: &Subject<'_>,
        circumstances: &Circumstances,
    ) -> Result<LetterDraft> {
        let report = subject.report;
        let problems = problems(report, circumstances);
        let (attachments, carried) = attachments(subject.files, self.settings)?;
        let data = ReportData::new(report, subject.period, problems, &self.frame());
        let data = data.with_files(carried);
        let rendered = self.templates.render("daily_report", &data);
        Ok(LetterDraft {
            letter: Letter {
                attachments,
                is_urgent: subject.is_urgent(),
                ..self.letter(&data.subject, rendered.text, rendered.html)
            },
            faults: rendered.faults,
        })
    }

    /// Writes the letter about a run that failed, or about logs that stopped.
    pub fn write_error(&self, host: &str, title: &str, message: &str, hint: &str) -> LetterDraft {
        let data = ErrorData::new(host, title, message, hint, &self.frame());
        let rendered = self.templates.render("error_report", &data);
        LetterDraft {
            letter: self.letter(&data.subject, rendered.text, rendered.html),
            faults: rendered.faults,
        }
    }

    /// Writes the letter that only proves the way.
    pub fn write_test(&self) -> LetterDraft {
        let host = display::printable(&self.settings.host);
        let prefix = &self.settings.email.subject_prefix;
        let subject = if prefix.is_empty() {
            format!("{host}: test of network-monitor's letters")
        } else {
            format!("{prefix}: test from {host}")
        };
        let text = format!(
            "This letter proves that network-monitor on {host} can send mail.\n\
             There is nothing to do.\n"
        );
        let html = format!("<p>{}</p>", text.replace('&', "&amp;").replace('<', "&lt;"));
        LetterDraft {
            letter: self.letter(&subject, text, html),
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
            is_urgent: false,
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
}

#[cfg(test)]
mod tests;
