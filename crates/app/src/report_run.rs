//! A whole run of `report`: ingest, then the reports of every day with news or of the period asked for, their
//! letters, the quotas, and the logs that are finished.

use std::path::{Path, PathBuf};

use analysis::QuotaState;
use jiff::ToSpan as _;
use jiff::civil::Date;
use lifecycle::claims::{self, Standing};
use lifecycle::{ArchiveSummary, Progress, finish_logs, ingest_folder, newer_archives, own_host};
use mailing::{FailedRun, MailResult, Occasion, ReportFile, Subject, send_failure_letter};
use report::Report;
use reporting::{PublishedReport, Reporter, Target, WrittenFile, has_lost};
use settings::{LetterTime, Settings};
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
/// soon as it is written.
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
        due: Vec::new(),
        on_report,
    };
    let hosts = run.hosts()?;
    for host in &hosts {
        run.report_host(host)?;
    }
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
    /// Days of the host that a run without a period would report.
    due: Vec<Period>,
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

    /// The period that was asked for.
    fn asked(&self) -> Option<Period> {
        let today = self.settings.today(self.now);
        self.request.when.map(|when| when.on(today))
    }

    /// Writes the reports of a host.
    fn report_host(&mut self, host: &str) -> Result<()> {
        let (settings, zone) = (self.settings, &self.settings.time_zone);
        let today = settings.today(self.now);
        let mut plan = reporting::plan(&self.store, host, self.request.when, zone, today)?;
        self.due = match self.request.when {
            Some(_) => reporting::plan(&self.store, host, None, zone, today)?.periods,
            None => Vec::new(),
        };
        if let Some(asked) = self.asked()
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
            let published = self.reporter.publish(&self.store, host, *period, &target);
            match published {
                Err(reporting::Error::Store(error)) if error.is_damaged_file() => {
                    plan.leave_pending(period, zone);
                    let damage = &mut self.result.damage;
                    reporting::note_damage(damage, host, period, "no report", &error);
                }
                published => self.finish_report(*period, published?, periods.len())?,
            }
        }
        Ok(self.store.mark_reported(host, &plan.told)?)
    }

    /// Notes a report that was written, and writes its letter.
    fn finish_report(
        &mut self,
        period: Period,
        published: PublishedReport,
        planned: usize,
    ) -> Result<()> {
        let PublishedReport {
            report,
            files,
            damage,
        } = published;
        self.result.damage.extend(damage);
        let paths = files.iter().map(|file| Path::new(&file.path));
        self.store.note_report(paths, &period.last.to_string())?;
        // A period that somebody asks for is mailed to everybody only if that is asked for as well. The letter
        // about a day that is due comes with the next run.
        let is_asked = self.request.when.is_some();
        let is_wanted = if is_asked {
            self.request.mail && (!report.period.partial || self.asked() == Some(period))
        } else {
            !report.period.partial
        };
        let mut is_mailed = !(is_asked && self.letters.are_sent() && self.due.contains(&period));
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
        let silences = self.asked().is_none().then_some(others.as_slice());
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
