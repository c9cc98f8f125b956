//! Writes the letter about a report, and sends it nowhere: as it would look in a mailbox.

use mailing::{Circumstances, Envelope, Result, Subject, Writer};
use report::Report;
use settings::Settings;
use traffic::Period;

/// The letter about a report without files, as bytes.
pub(crate) fn letter(
    report: &Report,
    period: Period,
    settings: &Settings,
    now: i64,
) -> Result<Vec<u8>> {
    let envelope = Envelope::to_look_at(&settings.email);
    let writer = Writer::new(settings, &envelope, now);
    let subject = Subject {
        report,
        period,
        files: &[],
    };
    let draft = writer.write(&subject, &Circumstances::default())?;
    let id = writer.key(report, period).message_id(1, &envelope.from);
    Ok(draft.with_id(id).compose())
}

#[expect(clippy::print_stdout, reason = "an example shows what it makes")]
fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let settings = Settings::load(None, &settings::Environment::of_this_process())?;
    let now = jiff::Timestamp::now().as_second();
    let period = Period::day(settings.today(now));
    let context = report::Context {
        host: settings.host.clone(),
        period,
        zone: settings.time_zone.clone(),
        zone_name: settings.zone_name(),
        now,
        resolution: settings.input.resolution_seconds(),
    };
    let builder = report::Builder::new(context, report::Options::default());
    let report = builder.finish(report::InputFacts::default(), report::Comparison::default());
    let letter = letter(&report, period, &settings, now)?;
    println!("{}", String::from_utf8_lossy(&letter));
    Ok(())
}
