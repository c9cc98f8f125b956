//! Whether a letter would get to the server: all its steps but the last.

use mail::Trouble;

use super::check::Check;
use settings::Settings;

const TOPIC: &str = "mail";

pub(super) fn checks(settings: &Settings) -> Vec<Check> {
    if !settings.email.enabled {
        let said = match &settings.email.smtp_server {
            None => "no letters: the section email of the settings names no server",
            Some(_) => "no letters: email.enabled is off, or a sender or recipients are missing",
        };
        return vec![Check::ok(TOPIC, said)];
    }
    let mut steps = Vec::new();
    let examined = mailing::server(settings)
        .and_then(|server| server.examine(|step, detail| steps.push(format!("{step}: {detail}"))));
    vec![match examined {
        Ok(()) => Check::ok(TOPIC, steps.join("; ")),
        Err(trouble) => fault(&trouble),
    }]
}

fn fault(trouble: &Trouble) -> Check {
    let cure = match trouble.hint.as_str() {
        "" => "`network-monitor email test` shows each step",
        hint => hint,
    };
    Check::fault(TOPIC, trouble.to_string(), cure)
}
