//! Templates in Jinja2's syntax: the user's if there are any, else those built in.
//!
//! A user's template that fails never keeps a letter back: the fault is told with file and line,
//! and the built-in template writes the letter.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind};
use serde::Serialize;

/// Steps a template may take: a thousand times what the built-in ones need, less than a second.
const FUEL: u64 = 20_000_000;

/// Names and texts of the built-in templates.
const BUILT_IN: [(&str, &str); 4] = [
    (
        "daily_report.html",
        include_str!("../../../config/email_templates/daily_report.html"),
    ),
    (
        "daily_report.txt",
        include_str!("../../../config/email_templates/daily_report.txt"),
    ),
    (
        "error_report.html",
        include_str!("../../../config/email_templates/error_report.html"),
    ),
    (
        "error_report.txt",
        include_str!("../../../config/email_templates/error_report.txt"),
    ),
];

/// Where templates come from.
#[derive(Clone, Debug)]
pub struct Templates {
    /// The folder of the user's templates; it need not be there.
    pub folder: PathBuf,
    /// Brings a text to an exact number of columns, for the filter `fit`.
    pub fit: fn(&str, usize) -> String,
}

/// A letter's two bodies.
#[derive(Clone, Debug)]
pub struct Rendered {
    /// Plain text.
    pub text: String,
    /// HTML.
    pub html: String,
    /// What was wrong with the user's templates; the built-in ones were used instead.
    pub faults: Vec<TemplateFault>,
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// The template.
    pub path: PathBuf,
    /// The line, from 1, if it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub reason: String,
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", files::show(&self.path))?;
        if let Some(line) = self.line {
            write!(f, "{line}:")?;
        }
        write!(f, " {}", self.reason)
    }
}

impl Templates {
    /// Renders `daily_report` or `error_report` with the same data for both bodies.
    pub fn render(&self, name: &str, data: &impl Serialize) -> Rendered {
        let data = Value::from(Serde(data));
        let mut faults = Vec::new();
        let mut body = |extension: &str| {
            let name = format!("{name}.{extension}");
            match self.render_users(&name, &data) {
                Ok(Some(text)) => return text,
                Ok(None) => {}
                Err(fault) => faults.push(fault),
            }
            let environment = self.environment();
            let built_in = environment.get_template(&name);
            built_in
                .and_then(|template| template.render(&data))
                .expect("the built-in templates render any data")
        };
        Rendered {
            text: body("txt"),
            html: body("html"),
            faults,
        }
    }

    /// `None` if the user has no such template.
    fn render_users(&self, name: &str, data: &Value) -> Result<Option<String>, TemplateFault> {
        let path = self.folder.join(name);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(TemplateFault {
                    line: None,
                    reason: files::describe(&error),
                    path,
                });
            }
            Ok(text) => text,
        };
        let mut environment = self.environment();
        let folder = self.folder.clone();
        environment.set_loader(move |name| load(&folder, name));
        environment.remove_template(name);
        environment
            .add_template_owned(name.to_owned(), text)
            .and_then(|()| environment.get_template(name)?.render(data))
            .map(Some)
            .map_err(|error| self.fault(&path, &error))
    }

    fn fault(&self, path: &Path, error: &Error) -> TemplateFault {
        let mut reason = match error.detail() {
            Some(detail) => format!("{}: {detail}", error.kind()),
            None => error.kind().to_string(),
        };
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            reason.push_str(&format!(": {error}"));
            cause = error.source();
        }
        // The fault may lie in a template that this one includes.
        let path = error
            .name()
            .map_or_else(|| path.to_owned(), |name| self.folder.join(name));
        TemplateFault {
            path,
            line: error.line(),
            reason,
        }
    }

    fn environment(&self) -> Environment<'static> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") {
                AutoEscape::Html
            } else {
                AutoEscape::None
            }
        });
        // Methods of Python's strings and dictionaries, which Jinja2's templates may call.
        environment
            .set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
        let fit = self.fit;
        environment.add_filter("fit", move |text: String, columns: usize| {
            fit(&text, columns.min(1000))
        });
        environment.add_filter(
            "wrap",
            |text: String, columns: usize, indent: Option<usize>| {
                wrapped(&text, columns, indent.unwrap_or(0).min(columns))
            },
        );
        for (name, text) in BUILT_IN {
            environment
                .add_template(name, text)
                .expect("the built-in templates are valid");
        }
        environment
    }
}

/// A template that another one includes or extends: a plain name in the same folder.
fn load(folder: &Path, name: &str) -> Result<Option<String>, Error> {
    if Path::new(name).file_name().is_none_or(|file| file != name) {
        return Ok(None);
    }
    match fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::new(
            ErrorKind::InvalidOperation,
            format!("cannot read {name}: {}", files::describe(&error)),
        )),
    }
}

/// Breaks each line of a text at blanks; lines that go on begin with `indent` blanks. A word that is
/// longer than a line stays whole.
fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            wrapped.push('\n');
        }
        let mut used = if number == 0 { indent } else { 0 };
        for (place, word) in line.split(' ').enumerate() {
            let width = word.chars().count();
            if place > 0 && used + 1 + width > columns + indent {
                wrapped.push('\n');
                wrapped.extend(std::iter::repeat_n(' ', indent));
                used = indent;
            } else if place > 0 {
                wrapped.push(' ');
                used += 1;
            }
            wrapped.push_str(word);
            used += width;
        }
    }
    wrapped
}

#[cfg(test)]
#[path = "templates/tests.rs"]
mod tests;
