//! A whole run of `report`: ingest, then the reports of every day with news or of the period asked for, their
//! letters, the quotas, and the logs that are finished.

mod waiting;

use std::path::{Path, PathBuf};

use analysis::QuotaState;
use jiff::ToSpan as _;
use jiff::civil::Date;
use lifecycle::claims::{self, Standing};
use lifecycle::{ArchiveSummary, Progress, finish_logs, ingest_folder, newer_archives, own_host};
use mailing::{FailedRun, MailResult, Occasion, ReportFile, Subject, send_failure_letter};
use report::Report;
use reporting::{
    PublishedReport, Reporter, Target, WrittenFile, has_index, has_lost, write_indexes,
};
use settings::{LetterTime, ReportFormat, Settings};
use store::Store;
use tracing::warn;
use traffic::{Period, When};

use crate::error::{Error, Result};
use crate::hosts::hosts;
use crate::kept_reports::{handle_dropped_days, keep_larger, keep_written};
use crate::last_run::{AbandonedRun, forget_abandoned};
use crate::letters::Letters;
use crate::outcome::RunOutcome;
use crate::result::{ReportResult, RunResult};

use self::waiting::{Waiting, WaitingReport};

/// What is to be reported.
#[derive(Clone, Debug, Default)]
pub struct ReportRequest {
    /// The period; `None` means each day with news.
    pub when: Option<When>,
    /// The host; `None` means all of the settings' logs.
    pub host: Option<String>,
    /// Whether reports and letters are written again even if nothing changed.
    pub force: bool,
    /// Whether letters are sent about the period that is asked for.
    pub mail: bool,
    /// The used share of a quota, in percent, from which on the run ends with [`RunOutcome::Threshold`].
    pub check_quota: Option<u32>,
}

/// A report that was just written.
#[derive(Clone, Copy, Debug)]
pub struct FinishedReport<'a> {
    /// The report.
    pub report: &'a Report,
    /// Its period.
    pub period: Period,
    /// Its files.
    pub files: &'a [WrittenFile],
    /// How many reports of its host are planned.
    pub planned: usize,
}

/// A run that came to its end.
#[derive(Debug)]
pub struct ReportRun {
    /// What was done.
    pub result: RunResult,
    /// How it ended.
    pub outcome: RunOutcome,
    /// Why letters failed for good, if they did; everything else was done all the same.
    pub mail_failure: Option<Error>,
}

/// Runs a whole `report`. A letter is sent about a run that fails. Each report is handed to `on_report` as
/// soon as its files are in place.
///
/// # Errors
/// If the store or a report cannot be written, or a signal asks to stop. What was done before stays done.
pub fn report_run(
    request: &ReportRequest,
    settings: &Settings,
    now: i64,
    progress: &dyn Progress,
    on_report: &mut dyn FnMut(&FinishedReport<'_>),
) -> Result<ReportRun> {
    let ended = own_host::settled(settings)
        .map_err(Error::from)
        .and_then(|settings| run(request, &settings, now, progress, on_report));
    let failure = match &ended {
        Ok(run) => run.mail_failure.as_ref(),
        Err(failure) => Some(failure),
    };
    if let Some(failure) = failure.filter(|failure| failure.deserves_letter()) {
        let failed = FailedRun {
            message: &failure.to_string(),
            hint: &failure.hint().unwrap_or_default(),
        };
        send_failure_letter(failed, settings, now);
    }
    ended
}

fn run(
    request: &ReportRequest,
    settings: &Settings,
    now: i64,
    progress: &dyn Progress,
    on_report: &mut dyn FnMut(&FinishedReport<'_>),
) -> Result<ReportRun> {
    let not_yet_active = settings.not_yet_active();
    if !not_yet_active.is_empty() {
        warn!(
            "not yet active in this version: {}",
            not_yet_active.join(", ")
        );
    }
    let mut store = Store::open(&settings.paths.store_dir, &settings::started(now), "report")?;
    own_host::record(&store, settings)?;
    let is_older = claims::examine(&store, settings)? == Standing::Older;
    lifecycle::sweep(settings);
    for run in AbandonedRun::of(&store) {
        warn!("{}", run.sentence(&settings.time_zone));
    }
    let letters = Letters::open(settings, now, &store)?;
    let ingest = ingest_folder(&mut store, settings, now, progress)?;
    let newer_archives: Vec<String> = newer_archives::newer_archives(&store, settings)?
        .iter()
        .map(|path| files::show(path).to_string())
        .collect();
    let mut run = Run {
        request,
        settings,
        now,
        is_behind: is_older || !newer_archives.is_empty(),
        letters,
        reporter: Reporter::new(settings, now),
        result: RunResult {
            ingest,
            store_is_older: is_older,
            newer_archives,
            not_yet_active,
            ..RunResult::default()
        },
        store,
        is_over: false,
        waiting: Waiting::default(),
        on_report,
    };
    let hosts = run.hosts()?;
    run.report_hosts(&hosts)?;
    run.write_weeks(&hosts)?;
    run.finish(hosts)
}

/// A run at work.
struct Run<'a> {
    request: &'a ReportRequest,
    settings: &'a Settings,
    now: i64,
    store: Store,
    letters: Letters<'a>,
    reporter: Reporter<'a>,
    result: RunResult,
    /// Whether the folders hold more than the store: it came from a backup.
    is_behind: bool,
    /// Whether a quota is used by the share that was asked for.
    is_over: bool,
    waiting: Waiting,
    on_report: &'a mut dyn FnMut(&FinishedReport<'_>),
}

impl Run<'_> {
    fn hosts(&self) -> Result<Vec<String>> {
        let asked = self.request.host.as_deref();
        let known = self.store.hosts()?;
        if let Some(asked) = asked.filter(|asked| !known.iter().any(|host| host == asked)) {
            return Err(Error::NoSuchHost {
                asked: asked.to_owned(),
                known,
            });
        }
        hosts(&self.store, asked, self.settings)
    }

    /// The period of a host that was asked for.
    fn asked(&self, host: &str) -> Result<Option<Period>> {
        let Some(when) = self.request.when else {
            return Ok(None);
        };
        let (zone, today) = (&self.settings.time_zone, self.settings.today(self.now));
        let period = reporting::asked_period(when, &self.store, Some(host), zone, today)?;
        Ok(Some(period))
    }

    /// Writes the reports of all hosts. If one fails, those that were made before are done all the same.
    fn report_hosts(&mut self, hosts: &[String]) -> Result<()> {
        self.store.gather_notes()?;
        let made = hosts.iter().try_for_each(|host| self.report_host(host));
        let settled = self.settle();
        made.and(settled)
    }

    /// Puts the files of the reports that wait in place, then notes them and writes their letters.
    fn settle(&mut self) -> Result<()> {
        let waiting = std::mem::take(&mut self.waiting);
        waiting.files.commit()?;
        for report in waiting.reports {
            self.finish_report(report)?;
        }
        for (host, days) in waiting.told {
            self.store.mark_reported(&host, &days)?;
        }
        Ok(self.store.commit_notes()?)
    }

    /// Makes the reports of a host.
    fn report_host(&mut self, host: &str) -> Result<()> {
        let (settings, zone) = (self.settings, &self.settings.time_zone);
        let today = settings.today(self.now);
        let mut plan = reporting::plan(&self.store, host, self.request.when, zone, today)?;
        // Days that a run without a period would report.
        let due = match self.request.when {
            Some(_) => reporting::plan(&self.store, host, None, zone, today)?.periods,
            None => Vec::new(),
        };
        if let Some(asked) = self.asked(host)?
            && has_lost(&self.store, host, asked, zone)?
        {
            let dropped = handle_dropped_days(&mut plan, host, asked, settings, self.request.force);
            self.result.dropped.push(dropped);
        }
        if self.is_behind {
            keep_written(&mut plan, host, settings, &mut self.result.damage)?;
        }
        keep_larger(
            &mut plan,
            &self.store,
            host,
            settings,
            &mut self.result.damage,
        )?;
        let target = Target::of(settings, host, self.request.force);
        let periods = std::mem::take(&mut plan.periods);
        for period in &periods {
            files::check_interrupted()?;
            let files = &mut self.waiting.files;
            let reporter = &mut self.reporter;
            match reporter.publish_into(files, &self.store, host, *period, &target) {
                Err(reporting::Error::Store(error)) if error.is_damaged_file() => {
                    plan.leave_pending(period, zone);
                    let damage = &mut self.result.damage;
                    reporting::note_damage(damage, host, period, "no report", &error);
                }
                published => {
                    let mut published = published?;
                    self.result.damage.append(&mut published.damage);
                    self.waiting.reports.push(WaitingReport {
                        period: *period,
                        published,
                        planned: periods.len(),
                        is_due: due.contains(period),
                    });
                }
            }
            if self.waiting.is_full() {
                self.settle()?;
                self.store.gather_notes()?;
            }
        }
        self.waiting.told.push((host.to_owned(), plan.told));
        Ok(())
    }

    /// Notes a report whose files are in place, and writes its letter.
    fn finish_report(&mut self, waiting: WaitingReport) -> Result<()> {
        let WaitingReport {
            period,
            published,
            planned,
            is_due,
        } = waiting;
        let PublishedReport { report, files, .. } = published;
        let paths = files.iter().map(|file| Path::new(&file.path));
        self.store.note_report(paths, &period.last.to_string())?;
        // A period that somebody asks for is mailed to everybody only if that is asked for as well. The letter
        // about a day that is due comes with the next run.
        let is_asked = self.request.when.is_some();
        let is_wanted = if is_asked {
            self.request.mail
                && (!report.period.partial || self.asked(&report.host)? == Some(period))
        } else {
            !report.period.partial
        };
        let mut is_mailed = !(is_asked && self.letters.are_sent() && is_due);
        if is_wanted {
            let report_files: Vec<ReportFile> = files.iter().map(report_file).collect();
            let subject = Subject {
                report: &report,
                period,
                files: &report_files,
            };
            let ingest = &self.result.ingest;
            let occasion = match (self.request.force, is_asked) {
                (true, _) => Occasion::Forced,
                (false, true) => Occasion::Asked,
                (false, false) => Occasion::Due,
            };
            is_mailed = self.letters.write(&self.store, &subject, ingest, occasion);
        }
        if period.is_day() {
            // The next run looks at the day again, and writes the letter that is missing.
            let is_unfinished = report.period.partial || !is_mailed;
            let day = period.first.to_string();
            self.store
                .mark_unfinished(&report.host, &day, is_unfinished)?;
        }
        (self.on_report)(&FinishedReport {
            report: &report,
            period,
            files: &files,
            planned,
        });
        self.is_over |= is_used(&report.quotas, self.request.check_quota);
        let result = ReportResult::new(&report, period, files);
        self.result.reports.push(result);
        Ok(())
    }

    /// Writes the letter about the last whole week of each host, if the settings want one a week.
    fn write_weeks(&mut self, hosts: &[String]) -> Result<()> {
        let settings = self.settings;
        let is_weekly = self.letters.are_sent() && settings.email.when == LetterTime::Weekly;
        let Some(week) = last_week(settings.today(self.now)) else {
            return Ok(());
        };
        if !is_weekly || self.request.when.is_some() {
            return Ok(());
        }
        for host in hosts {
            let seconds = week.seconds(&settings.time_zone);
            let is_known = match self.store.has_facts(host, seconds) {
                Err(error) if error.is_damaged_file() => false,
                is_known => is_known?,
            };
            if !is_known || !self.letters.is_due(host, week) {
                continue;
            }
            let built = self.reporter.build(&self.store, host, week)?;
            self.result.damage.extend(built.damage);
            let subject = Subject {
                report: &built.report,
                period: week,
                files: &[],
            };
            let ingest = &self.result.ingest;
            self.letters
                .write(&self.store, &subject, ingest, Occasion::Due);
        }
        Ok(())
    }

    /// Sends the letters, counts the quotas, archives the logs, and says how the run ended.
    fn finish(mut self, hosts: Vec<String>) -> Result<ReportRun> {
        let settings = self.settings;
        // A report shows by itself if its log stopped.
        let is_reported = |host: &String| {
            let mut reports = self.result.reports.iter();
            reports.any(|report| report.host == *host)
        };
        let others: Vec<String> = hosts
            .into_iter()
            .filter(|host| !is_reported(host))
            .collect();
        let silences = self.request.when.is_none().then_some(others.as_slice());
        let (mail, mail_failure) = self.letters.finish(&self.store, silences);
        let mut result = self.result;
        result.mail = mail;
        let today = Period::day(settings.today(self.now));
        result.quotas = self.reporter.quotas(&self.store, None, today)?;
        let is_over = self.is_over || is_used(&result.quotas, self.request.check_quota);
        let written: Vec<PathBuf> = result
            .files()
            .map(|file| PathBuf::from(&file.path))
            .collect();
        result.archive = finish_logs(&mut self.store, settings, self.now, &written)?;
        let archive = result.archive.as_ref();
        let has_new_files = result.files().any(|file| file.is_new);
        let is_indexed = settings.reports.formats.contains(&ReportFormat::Html);
        let has_deleted = archive.is_some_and(|archive| !archive.expired.is_empty());
        let mut is_index_missing = false;
        if is_indexed && (has_new_files || has_deleted || !has_index(settings)) {
            // The reports are there; the next run writes it.
            if let Err(error) = write_indexes(settings, &self.store.hosts()?) {
                warn!("no index of the reports: {error}");
                is_index_missing = true;
            }
        }
        // As long as the folders hold more than the store, they stay those of its later state.
        if !self.is_behind {
            let has_written =
                has_new_files || archive.is_some_and(|archive| !archive.written.is_empty());
            claims::claim(&self.store, settings, has_written)?;
        }
        result.nothing_new = result.ingest.new == 0
            && !archive.is_some_and(ArchiveSummary::did_something)
            && result.damage.is_empty()
            && !self.is_behind
            && !has_new_files;
        // `email flush` may be at work. The next run writes the letters.
        let is_held = |failure: &Error| failure.outcome() == RunOutcome::Held;
        let is_postponed = mail_failure.as_ref().is_some_and(is_held);
        if mail_failure.is_none() {
            forget_abandoned(&mut self.store, "report");
        }
        let needs_attention = is_postponed
            || self.is_behind
            || is_index_missing
            || result.ingest.needs_attention()
            || !result.damage.is_empty()
            || archive.is_some_and(|archive| !archive.trouble.is_empty())
            || result
                .mail
                .as_ref()
                .is_some_and(MailResult::needs_attention);
        Ok(ReportRun {
            outcome: if is_over {
                RunOutcome::Threshold
            } else if needs_attention {
                RunOutcome::Attention
            } else {
                RunOutcome::Done
            },
            mail_failure: mail_failure.filter(|failure| !is_held(failure)),
            result,
        })
    }
}

/// The last week, from Monday to Sunday, that is over on a day.
pub(crate) fn last_week(today: Date) -> Option<Period> {
    let since_monday = i64::from(today.weekday().to_monday_zero_offset());
    let monday = today.checked_sub(since_monday.days()).ok()?;
    Some(Period {
        first: monday.checked_sub(7.days()).ok()?,
        last: monday.yesterday().ok()?,
    })
}

/// A file of a report as its letter has it.
pub(crate) fn report_file(file: &WrittenFile) -> ReportFile {
    ReportFile {
        path: PathBuf::from(&file.path),
        shown: PathBuf::from(&file.path),
        bytes: file.bytes,
    }
}

/// Whether a quota is used by the share that was asked for.
fn is_used(quotas: &[QuotaState], percent: Option<u32>) -> bool {
    let Some(percent) = percent else {
        return false;
    };
    let mut ratios = quotas.iter().map(|state| state.used_ratio);
    ratios.any(|ratio| ratio * 100.0 >= f64::from(percent))
}

#[cfg(test)]
mod tests;
