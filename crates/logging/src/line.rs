//! How a message looks: a short line on a terminal, a dated one in a file, or JSON.

use std::fmt::{self, Write};

use display::{is_deceptive, printable};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The shapes a message can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// For a person who waits: `warning: message`.
    Short,
    /// The same, the level in colour.
    Coloured,
    /// For a file: time and level first.
    Long,
    /// One object a line.
    Json,
}

/// Writes messages in a style, times in a zone.
pub(crate) struct Line {
    pub(crate) style: Style,
    pub(crate) zone: TimeZone,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut said = Said::default();
        event.record(&mut said);
        let level = *event.metadata().level();
        match self.style {
            Style::Short => {
                if let Some(word) = word(level) {
                    write!(writer, "{word}: ")?;
                }
                writeln!(writer, "{}", said.text())
            }
            Style::Coloured => {
                if let Some(word) = word(level) {
                    write!(writer, "\x1b[{}m{word}\x1b[0m: ", colour(level))?;
                }
                writeln!(writer, "{}", said.text())
            }
            Style::Long => writeln!(writer, "{} {level:<5} {}", self.now(), said.text()),
            Style::Json => writeln!(writer, "{}", said.json(&self.now(), level)),
        }
    }
}

impl Line {
    fn now(&self) -> String {
        let now = Timestamp::now().to_zoned(self.zone.clone());
        now.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
    }
}

/// The word before a message; what simply was done needs none.
fn word(level: Level) -> Option<&'static str> {
    match level {
        Level::ERROR => Some("error"),
        Level::WARN => Some("warning"),
        Level::INFO => None,
        Level::DEBUG => Some("debug"),
        Level::TRACE => Some("trace"),
    }
}

/// The colour of a level, as the parameters of the escape sequence that selects it.
fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "1;31",
        Level::WARN => "1;33",
        Level::INFO | Level::DEBUG | Level::TRACE => "2",
    }
}

/// A message and its fields, in the order they were given.
#[derive(Default)]
struct Said {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Said {
    fn text(&self) -> String {
        let mut text = printable(&self.message).into_owned();
        for (name, value) in &self.fields {
            let separator = if text.is_empty() { "" } else { " " };
            let value = match value {
                Value::String(value) => format!("\"{}\"", printable(value)),
                other => other.to_string(),
            };
            write!(text, "{separator}{name}={value}").expect("a String takes any text");
        }
        text
    }

    fn json(self, now: &str, level: Level) -> String {
        let mut object = Map::new();
        object.insert("timestamp".into(), now.into());
        object.insert("level".into(), level.as_str().into());
        object.insert("message".into(), self.message.into());
        object.extend(
            self.fields
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
        let mut text = String::new();
        for character in Value::Object(object).to_string().chars() {
            if is_deceptive(character) {
                // Such a character stands only inside a string, where JSON takes its number.
                // All of them lie in the basic plane, so four digits do.
                write!(text, "\\u{:04x}", u32::from(character)).expect("a String takes any text");
            } else {
                text.push(character);
            }
        }
        text
    }

    fn add(&mut self, field: &Field, value: Value) {
        if field.name() == "message" {
            self.message = match value {
                Value::String(text) => text,
                other => other.to_string(),
            };
        } else {
            self.fields.push((field.name(), value));
        }
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, Value::String(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.add(field, value.to_string().into());
    }
}
