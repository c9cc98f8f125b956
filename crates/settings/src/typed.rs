//! What was typed: every key that a file, a variable or a flag names, as text with its place.
//!
//! Values stay text here, so that the same word is read the same way wherever it was typed, and
//! `config check` can name every wrong one at once. What they mean is settled in `reader.rs`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use display::printable;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::keys;
use super::locate::LocatedFile;
use super::problem::{Place, Problem};

/// A value as it was typed. It may be a password, so it has no `Debug`.
pub(crate) struct Value {
    pub(crate) place: Place,
    pub(crate) items: Vec<Item>,
}

/// One text of a value; a value that is no list has exactly one.
pub(crate) struct Item {
    pub(crate) text: String,
    pub(crate) place: Place,
}

/// A setting given on the command line, which goes before all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The flag that gives it.
    pub flag: &'static str,
    /// The key it sets.
    pub key: &'static str,
    /// The value, as text.
    pub value: String,
}

/// All that was typed, and what was wrong with it so far.
#[derive(Default)]
pub(crate) struct Typed {
    pub(crate) values: BTreeMap<String, Value>,
    pub(crate) problems: Vec<Problem>,
    /// The quotas, each with its keys.
    pub(crate) quotas: Vec<(Place, BTreeMap<String, Item>)>,
    path: PathBuf,
    /// The key being read, for errors that come from the parser.
    current: String,
}

impl Typed {
    /// Reads a settings file.
    pub(crate) fn from_file(found: &LocatedFile) -> Self {
        let mut typed = Self {
            path: found.path.clone(),
            ..Self::default()
        };
        let options = serde_saphyr::options! { with_snippet: false };
        let read = serde_saphyr::with_deserializer_from_str_with_options(
            &found.text,
            options,
            |deserializer| {
                Section {
                    name: "",
                    typed: &mut typed,
                }
                .deserialize(deserializer)
            },
        );
        if let Err(error) = read {
            let problem = typed.explain(&error, &found.text);
            typed.problems.push(problem);
        }
        typed
    }

    /// Lays the environment over what the file says. A variable that is empty is not set.
    pub(crate) fn apply_variables(&mut self, variables: &BTreeMap<String, String>) {
        let mut set = |name: &str, section: &str, key: &str, text: &str| {
            if section != keys::QUOTA
                && keys::of_section(section).is_some_and(|known| known.contains(&key))
            {
                let place = Place::Variable(name.to_owned());
                self.values.insert(
                    keys::full_name(section, key),
                    value_of_text(section, key, text, place),
                );
            } else {
                self.problems.push(Problem {
                    place: Place::Variable(name.to_owned()),
                    key: keys::full_name(section, key),
                    message: match section {
                        keys::QUOTA => keys::unknown("", section),
                        _ => keys::unknown(section, key),
                    },
                });
            }
        };
        if let Some(password) = variables
            .get("EMAIL_PASSWORD")
            .filter(|text| !text.is_empty())
        {
            set("EMAIL_PASSWORD", "email", "password", password);
        }
        for (name, text) in variables.iter().filter(|(_, text)| !text.is_empty()) {
            if let Some(rest) = name.strip_prefix("NETWORK_MONITOR__") {
                let rest = rest.to_ascii_lowercase();
                let (section, key) = rest.split_once("__").unwrap_or(("", &rest));
                set(name, section, key, text);
            }
        }
        self.prefer_password_of_environment();
    }

    /// Lays the command line over everything.
    pub(crate) fn apply_flags(&mut self, flags: &[Override]) {
        for Override { flag, key, value } in flags {
            let (section, name) = key.split_once('.').unwrap_or(("", key));
            let value = value_of_text(section, name, value, Place::Flag(flag));
            self.values.insert((*key).to_owned(), value);
        }
    }

    /// A password from the environment, in whichever of its three ways, replaces all of the file's.
    fn prefer_password_of_environment(&mut self) {
        let ways = [
            "email.password",
            "email.password_file",
            "email.password_command",
        ];
        let from_file = |value: &Value| matches!(value.place, Place::File { .. });
        let given = ways.iter().filter_map(|way| self.values.get(*way));
        if given.into_iter().any(|value| !from_file(value)) {
            self.values
                .retain(|key, value| !ways.contains(&key.as_str()) || !from_file(value));
        }
    }

    fn place(&self, location: Location) -> Place {
        let (line, column) = (location.line(), location.column());
        Place::File {
            path: self.path.clone(),
            line,
            column,
        }
    }

    /// Puts a parser's error into this program's words. The parser may quote what stands at the
    /// error, so near a password it is not let speak.
    fn explain(&self, error: &serde_saphyr::Error, text: &str) -> Problem {
        use serde_saphyr::Error;
        let mut error = error.without_snippet();
        let location = error.location().unwrap_or(Location::UNKNOWN);
        while let Error::AliasError { error: inner, .. } = error {
            error = inner.without_snippet();
        }
        let mut key = self.current.clone();
        let message = match error {
            Error::DuplicateMappingKey { key: twice, .. } => {
                key = String::new();
                let twice = twice.as_deref().unwrap_or("of this line");
                format!("the key {} is written twice", printable(shown_key(twice)))
            }
            Error::MultipleDocuments { .. } => {
                key = String::new();
                "a second YAML document begins here; a settings file has one".to_owned()
            }
            Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. } => {
                "is nested or repeated by aliases far beyond what settings need".to_owned()
            }
            Error::UnknownAnchor { .. } => {
                "an alias without its anchor; a value that begins with * needs quotes".to_owned()
            }
            Error::NullIntoString { .. } => {
                key = String::new();
                "a key is missing before its colon".to_owned()
            }
            Error::TaggedScalarCannotDeserializeIntoString { .. } => {
                "a tag has no meaning here; a value that begins with ! needs quotes".to_owned()
            }
            Error::Unexpected { .. } | Error::SerdeInvalidType { .. } => self.expected_shape(),
            _ if self.is_near_password(location, text) => {
                "is not valid YAML; put the value between single quotes".to_owned()
            }
            other => {
                let said = other.to_string();
                let suffix = format!(" at line {}, column {}", location.line(), location.column());
                let said = said.strip_suffix(&suffix).unwrap_or(&said);
                format!("is not valid YAML: {}", printable(said))
            }
        };
        Problem {
            place: self.place(location),
            key,
            message,
        }
    }

    fn expected_shape(&self) -> String {
        let key = self.current.as_str();
        if key.is_empty() {
            "settings are sections with keys, as in paths:".to_owned()
        } else if key == keys::QUOTA {
            "is a list of quotas; each begins with - name:".to_owned()
        } else if keys::LISTS.contains(&key) {
            "takes one value or a list of values".to_owned()
        } else if keys::of_section(key).is_some() {
            "is a section; its keys stand below it, indented".to_owned()
        } else {
            "takes one value, not a list or keys of its own".to_owned()
        }
    }

    fn is_near_password(&self, location: Location, text: &str) -> bool {
        let line = usize::try_from(location.line()).unwrap_or(usize::MAX);
        let mut near = text.lines().skip(line.saturating_sub(2)).take(2);
        let is_secret = |text: &str| text.contains("password") || text.contains("healthcheck");
        is_secret(&self.current) || near.any(|line| is_secret(&line.to_lowercase()))
    }
}

/// The part of a key that is safe to repeat: where a colon or the space behind it is missing, the
/// parser takes the value, which may be a password, for a part of the key.
fn shown_key(key: &str) -> &str {
    let is_part = |character: char| character.is_alphanumeric() || "_-.".contains(character);
    let end = key
        .find(|character| !is_part(character))
        .unwrap_or(key.len());
    &key[..end]
}

/// A value from a place that has no lists of its own: there, commas part the items.
fn value_of_text(section: &str, key: &str, text: &str, place: Place) -> Value {
    let item = |text: &str| Item {
        text: text.to_owned(),
        place: place.clone(),
    };
    let items = if keys::LISTS.contains(&keys::full_name(section, key).as_str()) {
        text.split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(item)
            .collect()
    } else {
        vec![item(text)]
    };
    Value { place, items }
}

/// Reads the keys of one section, or of the whole file where the name is empty.
struct Section<'typed> {
    name: &'static str,
    typed: &'typed mut Typed,
}

impl<'de> DeserializeSeed<'de> for Section<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Section<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("keys with values")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self {
            name: section,
            typed,
        } = self;
        let known = keys::of_section(section).unwrap_or_default();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let place = typed.place(key.referenced);
            let key = key.value;
            let full_name = keys::full_name(section, &key);
            typed.current.clone_from(&full_name);
            let subsection = keys::SECTIONS.iter().find(|(name, _)| *name == key);
            match subsection {
                Some((name, _)) if section.is_empty() && !name.is_empty() => {
                    map.next_value_seed(Section {
                        name,
                        typed: &mut *typed,
                    })?;
                }
                _ if section.is_empty() && key == keys::QUOTA => {
                    map.next_value_seed(Quotas { typed: &mut *typed })?;
                }
                _ if !known.contains(&&*key) => {
                    let shown = shown_key(&key);
                    let message = if shown != key && known.contains(&shown) {
                        "needs a colon and a space between the key and its value".to_owned()
                    } else {
                        keys::unknown(section, shown)
                    };
                    let key = keys::full_name(section, shown);
                    typed.problems.push(Problem {
                        place,
                        key,
                        message,
                    });
                    map.next_value::<IgnoredAny>()?;
                }
                _ if keys::LISTS.contains(&&*full_name) => {
                    let list = map.next_value::<Spanned<List>>()?;
                    let place = typed.place(list.referenced);
                    let value = match list.value {
                        List::Blank => continue,
                        List::One(text) => value_of_text(section, &key, &text, place),
                        List::Many(texts) => {
                            let items = texts.into_iter().filter_map(|text| {
                                let place = typed.place(text.referenced);
                                text.value.map(|text| Item { text, place })
                            });
                            Value {
                                items: items.collect(),
                                place,
                            }
                        }
                    };
                    typed.values.insert(full_name, value);
                }
                _ => {
                    let text = map.next_value::<Spanned<Option<String>>>()?;
                    let place = typed.place(text.referenced);
                    // Blank stands for the default.
                    if let Some(text) = text.value.filter(|text| !text.is_empty()) {
                        let value = value_of_text(section, &key, &text, place);
                        typed.values.insert(full_name, value);
                    }
                }
            }
        }
        section.clone_into(&mut typed.current);
        Ok(())
    }
}

/// Reads the list of quotas.
struct Quotas<'typed> {
    typed: &'typed mut Typed,
}

impl<'de> DeserializeSeed<'de> for Quotas<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Quotas<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list of quotas")
    }

    fn visit_none<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<(), A::Error> {
        while let Some(entry) = sequence.next_element::<Spanned<Entry>>()? {
            let mut quota = BTreeMap::new();
            for (key, text) in entry.value.0 {
                let name = key.value;
                if !keys::QUOTA_KEYS.contains(&&*name) {
                    let shown = shown_key(&name);
                    self.typed.problems.push(Problem {
                        place: self.typed.place(key.referenced),
                        key: keys::full_name(keys::QUOTA, shown),
                        message: keys::unknown(keys::QUOTA, shown),
                    });
                } else if let Some(value) = text.value.filter(|text| !text.is_empty()) {
                    let place = self.typed.place(text.referenced);
                    quota.insert(name, Item { text: value, place });
                }
            }
            let place = self.typed.place(entry.referenced);
            self.typed.quotas.push((place, quota));
        }
        Ok(())
    }
}

/// The keys of one entry of a list, in their order.
struct Entry(Vec<(Spanned<String>, Spanned<Option<String>>)>);

impl<'de> serde::Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;

        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = Entry;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("keys with values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
                let mut keys = Vec::new();
                while let Some(key) = map.next_entry()? {
                    keys.push(key);
                }
                Ok(Entry(keys))
            }
        }

        deserializer.deserialize_map(EntryVisitor)
    }
}

/// One value or several.
enum List {
    Blank,
    One(String),
    Many(Vec<Spanned<Option<String>>>),
}

impl<'de> serde::Deserialize<'de> for List {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor;

        impl<'de> Visitor<'de> for ListVisitor {
            type Value = List;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("one value or a list of values")
            }

            fn visit_unit<E>(self) -> Result<List, E> {
                Ok(List::Blank)
            }

            fn visit_none<E>(self) -> Result<List, E> {
                Ok(List::Blank)
            }

            fn visit_str<E>(self, text: &str) -> Result<List, E> {
                Ok(if text.is_empty() {
                    List::Blank
                } else {
                    List::One(text.to_owned())
                })
            }

            fn visit_bool<E>(self, value: bool) -> Result<List, E> {
                Ok(List::One(value.to_string()))
            }

            fn visit_i64<E>(self, value: i64) -> Result<List, E> {
                Ok(List::One(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<List, E> {
                Ok(List::One(value.to_string()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<List, E> {
                Ok(List::One(value.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<List, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = sequence.next_element()? {
                    items.push(item);
                }
                Ok(List::Many(items))
            }
        }

        deserializer.deserialize_any(ListVisitor)
    }
}

/// The folder at which a relative path from this place begins.
pub(crate) fn base_folder<'a>(
    place: &Place,
    file_folder: Option<&'a Path>,
    current_folder: &'a Path,
) -> &'a Path {
    match place {
        Place::File { .. } => file_folder.unwrap_or(current_folder),
        Place::Variable(_) | Place::Flag(_) | Place::Default => current_folder,
    }
}
