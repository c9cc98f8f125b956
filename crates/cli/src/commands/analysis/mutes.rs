//! What is not to be told: by the settings, and by `analysis mute`.

use std::io::Write;

use analysis::MuteTarget;
use jiff::civil::Date;
use serde::Serialize;
use store::{MuteRecord, Store};

use crate::args::{MuteArgs, MutesArgs, UnmuteArgs};
use app::RunOutcome;

use crate::failure::Failure;
use crate::terminal::Terminal;
use display::print_json;
use settings::Settings;

/// Runs `analysis mute`.
///
/// # Errors
/// If the store's folder cannot be written.
pub(super) fn mute(
    args: &MuteArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let target = target(&args.target)?;
    let until = match &args.until {
        None => None,
        Some(typed) => Some(day(typed)?),
    };
    let today = settings.today(now);
    if let MuteTarget::Host(name) = &target {
        let store = Store::open_to_read(&settings.paths.store_dir)?;
        let known = store.map_or(Ok(Vec::new()), |store| store.hosts())?;
        if !known.contains(name) {
            let asked = name.clone();
            return Err(app::Error::NoSuchHost { asked, known }.into());
        }
    }
    let record = MuteRecord {
        target: target.to_string(),
        until: until.map(|day| day.to_string()),
        why: args.why.clone().filter(|why| !why.is_empty()),
    };
    store::mute(&settings.paths.store_dir, record, &settings::started(now))?;
    if !terminal.quiet {
        let ends = match until {
            Some(day) if day < today => {
                format!("until the end of {day}, which is over: findings of today are shown")
            }
            Some(day) => format!("until the end of {day}"),
            None => "for good".to_owned(),
        };
        let target = target.to_string();
        writeln!(
            out,
            "Muted {ends}: {}. It is counted and not shown, also in what is already stored.",
            display::printable(&target)
        )?;
    }
    Ok(RunOutcome::Done)
}

/// Runs `analysis unmute`.
///
/// # Errors
/// If the store's folder cannot be written, and where the settings mute it.
pub(super) fn unmute(
    args: &UnmuteArgs,
    settings: &Settings,
    now: i64,
    terminal: &Terminal,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let target = target(&args.target)?;
    let shown = target.to_string();
    let was_there = store::unmute(&settings.paths.store_dir, &shown, &settings::started(now))?;
    let by_settings = settings.analysis.mutes.iter();
    if by_settings.clone().any(|mute| mute.target == target) {
        return Err(Failure::Usage(format!(
            "{} is muted by the settings; take it out of analysis.mutes",
            display::printable(&shown)
        )));
    }
    if !terminal.quiet {
        let shown = display::printable(&shown);
        if was_there {
            writeln!(out, "Shown again: {shown}.")?;
        } else {
            writeln!(out, "Nothing to do: {shown} is not muted.")?;
        }
    }
    Ok(RunOutcome::Done)
}

/// An entry of `analysis mutes`.
#[derive(Serialize)]
struct Listed {
    target: String,
    /// The last day. `None` for good.
    until: Option<String>,
    why: Option<String>,
    /// Whether its last day is over.
    is_over: bool,
    /// `settings` or `store`.
    of: &'static str,
}

/// Runs `analysis mutes`.
///
/// # Errors
/// If what is muted cannot be read.
pub(super) fn list(
    args: &MutesArgs,
    settings: &Settings,
    now: i64,
    out: &mut dyn Write,
) -> Result<RunOutcome, Failure> {
    let today = settings.today(now);
    let is_over = |until: Option<Date>| until.is_some_and(|day| day < today);
    let of_settings = settings.analysis.mutes.iter().map(|mute| Listed {
        target: mute.target.to_string(),
        until: mute.until.map(|day| day.to_string()),
        why: None,
        is_over: is_over(mute.until),
        of: "settings",
    });
    let mut listed: Vec<Listed> = of_settings.collect();
    for record in store::mutes(&settings.paths.store_dir)? {
        let until = record.until.as_ref().and_then(|day| day.parse().ok());
        listed.push(Listed {
            is_over: is_over(until),
            target: record.target,
            until: record.until,
            why: record.why,
            of: "store",
        });
    }
    if args.json {
        print_json(&listed, out)?;
        return Ok(RunOutcome::Done);
    }
    if listed.is_empty() {
        writeln!(out, "Nothing is muted.")?;
    }
    for one in listed {
        let end = match (&one.until, one.is_over) {
            (None, _) => "for good".to_owned(),
            (Some(day), false) => format!("until {day}"),
            (Some(day), true) => format!("until {day}, which is over"),
        };
        let of = match one.of {
            "settings" => ", by the settings",
            _ => "",
        };
        let why = one.why.map_or_else(String::new, |why| format!(": {why}"));
        let line = format!("{}  {end}{of}{why}", one.target);
        writeln!(out, "{}", display::printable(&line))?;
    }
    Ok(RunOutcome::Done)
}

fn target(typed: &str) -> Result<MuteTarget, Failure> {
    let parsed = typed.parse::<MuteTarget>();
    parsed.map_err(|error| Failure::Usage(format!("{:?} {error}", display::printable(typed))))
}

fn day(typed: &str) -> Result<Date, Failure> {
    let wrong = || Failure::Usage(format!("--until {typed:?} is not a day; write YYYY-MM-DD"));
    typed.parse::<Date>().map_err(|_| wrong())
}
