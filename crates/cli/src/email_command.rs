//! `email`: prove the way to the mail server, look at a letter, send what waits.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use mail::{Answer, Key, Kind, Which};
use store::Store;
use traffic::{Period, When};

use crate::args::{EmailCommand, PreviewArgs};
use crate::failure::{Ending, Failure};
use crate::letter::{Draft, Envelope, Subject, Writer};
use crate::post::{self, MailResult, Post};
use crate::terminal::World;
use lifecycle::IngestSummary;
use reporting::{Published, Reporter, Target};
use settings::Settings;

/// Runs the command.
///
/// # Errors
/// Where the settings are not complete, or what was asked for failed.
pub fn run(
    command: &EmailCommand,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    match command {
        EmailCommand::Test => test(settings, world, out),
        EmailCommand::Preview(args) => preview(args, settings, world, out),
        EmailCommand::Flush => flush(settings, world, out),
    }
}

/// Sends a short letter and says how far each step came.
fn test(settings: &Settings, world: &World, out: &mut dyn Write) -> Result<Ending, Failure> {
    let envelope = Envelope::of(&settings.email)?;
    let server = post::server(settings).map_err(Failure::Letter)?;
    let now = format!("test at {}", world.now);
    let key = envelope.key(Kind::Error, &settings.host, now);
    let writer = Writer::new(settings, &envelope, world.now);
    let letter = writer.write_test();
    let letter = letter.with_id(key.message_id(1, &envelope.from));
    let to = envelope.recipients();
    let mut said = Vec::new();
    let sent = server.send(
        &envelope.from.bare(),
        &to,
        &letter.compose(),
        |step, detail| {
            said.push(format!("{step:<10} ok  {}", display::printable(detail)));
        },
    );
    for line in said {
        writeln!(out, "{line}")?;
    }
    let mut has_trouble = false;
    for (address, answer) in to.iter().zip(sent.map_err(Failure::Letter)?) {
        let (is_ok, answer) = match answer {
            Answer::Accepted => (true, "accepted; look into the mailbox".to_owned()),
            Answer::Later(reason) => (false, format!("not now: {reason}")),
            Answer::Refused(reason) => (false, format!("refused: {reason}")),
        };
        has_trouble |= !is_ok;
        writeln!(out, "{address}: {}", display::printable(&answer))?;
    }
    Ok(match has_trouble {
        true => Ending::Attention,
        false => Ending::Done,
    })
}

/// Sends all that waits in the outbox.
fn flush(settings: &Settings, world: &World, out: &mut dyn Write) -> Result<Ending, Failure> {
    let mut post = Post::open(settings, world, "email flush")?;
    post.deliver(Which::All)?;
    let result = post.finish()?;
    if !world.quiet {
        if result == MailResult::default() {
            writeln!(out, "The outbox is empty.")?;
        }
        show(&result, out)?;
    }
    Ok(match result.needs_attention() {
        true => Ending::Attention,
        false => Ending::Done,
    })
}

/// Says what became of letters, a line each.
///
/// # Errors
/// Where the output refuses.
pub fn show(result: &MailResult, out: &mut dyn Write) -> Result<(), Failure> {
    for subject in &result.sent {
        writeln!(out, "Mailed: {}", display::printable(subject))?;
    }
    for letter in &result.waiting {
        let trouble = letter.trouble.as_deref().unwrap_or("not tried yet");
        writeln!(
            out,
            "Attention: in the outbox, to be sent later: {}\n  {}",
            display::printable(&letter.subject),
            display::printable(trouble)
        )?;
    }
    for letter in &result.refused {
        writeln!(
            out,
            "Attention: {} refused {}\n  {}",
            letter.address,
            display::printable(&letter.subject),
            display::printable(&letter.reason)
        )?;
    }
    for letter in &result.set_aside {
        writeln!(
            out,
            "Attention: {}: {}. `report --date DAY --force` writes it anew.",
            letter.path, letter.reason
        )?;
    }
    for fault in &result.template_faults {
        writeln!(
            out,
            "Attention: {}; the built-in template was used",
            display::printable(fault)
        )?;
    }
    Ok(())
}

/// Writes the letter that a report would send, from what the store holds now.
fn preview(
    args: &PreviewArgs,
    settings: &Settings,
    world: &World,
    out: &mut dyn Write,
) -> Result<Ending, Failure> {
    let when = args.date.parse::<When>();
    let when = when.map_err(|error| Failure::Usage(error.to_string()))?;
    let period = when.on(settings.today(world.now));
    let host = args.host.as_ref().unwrap_or(&settings.host);
    let envelope = Envelope::to_look_at(&settings.email)?;
    let nothing = || {
        Failure::NotThere(format!(
            "the store holds nothing of host {host:?} for {}",
            period.stamp()
        ))
    };
    let store = Store::open_to_read(&settings.paths.store_dir)?.ok_or_else(nothing)?;
    let seconds = period.seconds(&settings.time_zone);
    if store.read_facts(host, seconds)?.is_empty() {
        return Err(nothing());
    }
    let (key, draft) = draft(&store, host, period, settings, world, &envelope)?;
    for fault in &draft.faults {
        writeln!(
            std::io::stderr(),
            "{}; the built-in template was used",
            display::printable(&fault.to_string())
        )?;
    }
    let has_faults = !draft.faults.is_empty();
    let eml = draft.with_id(key.message_id(1, &envelope.from)).compose();
    match target(args, host, period)? {
        Some(path) => {
            files::write_atomically(&path, None, |file| file.write_all(&eml))?;
            writeln!(out, "{}", files::show(&path))?;
            if args.open {
                open(&path)?;
            }
        }
        None => out.write_all(&eml)?,
    }
    Ok(match has_faults {
        true => Ending::Attention,
        false => Ending::Done,
    })
}

/// The letter from report files that are made aside: a preview leaves no trace.
fn draft(
    store: &Store,
    host: &str,
    period: Period,
    settings: &Settings,
    world: &World,
    envelope: &Envelope,
) -> Result<(Key, Draft), Failure> {
    let aside = aside()?;
    let target = Target {
        folder: aside.path().to_owned(),
        temp_dir: None,
        force: false,
    };
    let mut reporter = Reporter::new(settings, world.now);
    let Published { report, files, .. } = reporter.publish(store, host, period, &target)?;
    let last_seen = post::last_seen(store)?;
    let ingest = IngestSummary::default();
    let subject = Subject {
        report: &report,
        period,
        files: &files,
        moved: Some((aside.path(), &settings.paths.report_dir)),
    };
    let writer = Writer::new(settings, envelope, world.now);
    let circumstances = post::circumstances(settings, &last_seen, &ingest);
    let draft = writer.write(&subject, &circumstances)?;
    Ok((writer.key(&report, period), draft))
}

fn aside() -> Result<tempfile::TempDir, Failure> {
    let folder = std::env::temp_dir();
    let made = tempfile::Builder::new()
        .prefix("network-monitor-")
        .tempdir_in(&folder);
    Ok(made.map_err(files::Error::context("create a folder in", &folder))?)
}

/// The file to write. `None` is standard output.
fn target(args: &PreviewArgs, host: &str, period: Period) -> Result<Option<PathBuf>, Failure> {
    match (&args.output, args.open) {
        (Some(path), _) => Ok(Some(path.clone())),
        // Who opens it needs it after this program has ended.
        (None, true) => {
            let name = format!("letter_{}_{}.eml", store::folder_name(host), period.stamp());
            Ok(Some(aside()?.keep().join(name)))
        }
        (None, false) => Ok(None),
    }
}

/// Opens a file with what the desktop has for it.
fn open(path: &Path) -> Result<(), Failure> {
    let path = fs::canonicalize(path).map_err(files::Error::context("find", path))?;
    let (program, arguments): (_, &[&str]) = match () {
        () if cfg!(windows) => ("cmd", &["/C", "start", ""]),
        () if cfg!(target_os = "macos") => ("open", &[]),
        () => ("xdg-open", &[]),
    };
    let started = Command::new(program).args(arguments).arg(&path).status();
    match started {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::Usage(format!(
            "{program} does not open {}; a mail program does",
            files::show(&path)
        ))),
    }
}
