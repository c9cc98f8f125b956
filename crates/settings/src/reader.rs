//! Turns typed values into what they mean, key by key, and keeps every problem with its place.

use std::path::{Path, PathBuf};

use display::printable;

use super::keys;
use super::locate::Environment;
use super::problem::{Place, Problem};
use super::typed::{Item, Typed, base_folder};
use super::values;
use super::words::Word;

/// Reads values by key; a wrong one is noted and reads as if it were not there.
pub(crate) struct Reader<'a> {
    pub(crate) typed: Typed,
    pub(crate) environment: &'a Environment,
    pub(crate) file_folder: Option<&'a Path>,
}

impl Reader<'_> {
    /// The value of a key, read by `parse`; `None` if it is not set or wrong.
    pub(crate) fn value<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let item = self.typed.values.get(key)?.items.first()?;
        match parse(&item.text) {
            Ok(meaning) => Some(meaning),
            Err(message) => {
                let problem = wrong(key, item, &message);
                self.typed.problems.push(problem);
                None
            }
        }
    }

    /// The value of a key that takes any text without control characters.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        self.value(key, |text| {
            if text.chars().any(char::is_control) {
                Err("contains a control character".to_owned())
            } else {
                Ok(text.to_owned())
            }
        })
    }

    /// The value of a key that is one word out of a list.
    pub(crate) fn word<W: Word>(&mut self, key: &'static str) -> Option<W> {
        self.value(key, W::from_word)
    }

    /// The values of a key that takes a list, without repetitions.
    pub(crate) fn list<T: PartialEq>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        debug_assert!(keys::LISTS.contains(&key), "{key} is not among the lists");
        let mut meanings = Vec::new();
        for item in &self.typed.values.get(key)?.items {
            match parse(&item.text) {
                Ok(meaning) if meanings.contains(&meaning) => {}
                Ok(meaning) => meanings.push(meaning),
                Err(message) => self.typed.problems.push(wrong(key, item, &message)),
            }
        }
        Some(meanings)
    }

    /// The path a key names, absolute.
    pub(crate) fn path(&mut self, key: &'static str) -> Option<PathBuf> {
        let place = self.place(key);
        let current_folder = &self.environment.current_folder;
        let base = base_folder(&place, self.file_folder, current_folder).to_path_buf();
        let environment = self.environment;
        self.value(key, |typed| values::path(typed, &base, environment))
    }

    /// The path a key names, or its default, which may begin with `~`.
    pub(crate) fn path_or(&mut self, key: &'static str, default: &str) -> PathBuf {
        if self.typed.values.contains_key(key) {
            return self.path(key).unwrap_or_default();
        }
        let base = &self.environment.current_folder;
        values::path(default, base, self.environment).unwrap_or_else(|message| {
            self.note(key, format!("the default {default} {message}"));
            PathBuf::new()
        })
    }

    /// Where a key was typed.
    pub(crate) fn place(&self, key: &str) -> Place {
        let value = self.typed.values.get(key);
        value.map_or(Place::Default, |value| value.place.clone())
    }

    /// Notes a problem with a key.
    pub(crate) fn note(&mut self, key: &str, message: String) {
        let problem = Problem {
            place: self.place(key),
            key: key.to_owned(),
            message,
        };
        self.typed.problems.push(problem);
    }
}

/// A wrong value.
pub(crate) fn wrong(key: &str, item: &Item, message: &str) -> Problem {
    const LONGEST: usize = 60;
    let mut shown = printable(&item.text).into_owned();
    if shown.chars().count() > LONGEST {
        shown = shown.chars().take(LONGEST).chain(['…']).collect();
    }
    Problem {
        place: item.place.clone(),
        key: key.to_owned(),
        message: format!("\"{shown}\" {message}"),
    }
}
