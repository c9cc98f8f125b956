//! The list `quota`: allowances of bytes.

use std::collections::BTreeMap;

use analysis::{Direction, Per, Quota, QuotaScope};

use super::problem::{Place, Problem};
use super::reader::{Reader, wrong};
use super::typed::Item;
use super::values::{number, size};

/// The longest name, in characters.
const LONGEST: usize = 64;

/// Reads every quota. One with something wrong is left out, and every problem noted.
pub(crate) fn read(reader: &mut Reader<'_>) -> Vec<Quota> {
    let typed = std::mem::take(&mut reader.typed.quotas);
    let mut quotas: Vec<Quota> = Vec::new();
    for (place, items) in &typed {
        let mut entry = Entry {
            place,
            items,
            problems: &mut reader.typed.problems,
        };
        if let Some(quota) = entry.read() {
            if quotas.iter().any(|other| other.name == quota.name) {
                entry.note("name", "is the name of another quota too");
            } else {
                quotas.push(quota);
            }
        }
    }
    quotas
}

struct Entry<'a> {
    place: &'a Place,
    items: &'a BTreeMap<String, Item>,
    problems: &'a mut Vec<Problem>,
}

impl Entry<'_> {
    fn read(&mut self) -> Option<Quota> {
        let before = self.problems.len();
        let name = self.value("name", name);
        let bytes = self.value("bytes", size(1..=1 << 60));
        for (key, is_missing) in [("name", name.is_none()), ("bytes", bytes.is_none())] {
            if is_missing && !self.items.contains_key(key) {
                self.note(key, "is missing");
            }
        }
        let per = self.value("per", per).unwrap_or(Per::Month);
        let first_day = self.value("first_day", number(1..=31));
        if per == Per::Day && first_day.is_some() {
            self.note("first_day", "has no meaning if per is day");
        }
        let direction = self.value("direction", direction).unwrap_or(None);
        let scope = self.value("scope", scope).unwrap_or(QuotaScope::Total);
        if self.problems.len() > before {
            return None;
        }
        Some(Quota {
            name: name?,
            bytes: bytes?,
            per,
            first_day: first_day.unwrap_or(1),
            direction,
            scope,
        })
    }

    fn value<T>(&mut self, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let item = self.items.get(key)?;
        parse(item.text.trim())
            .map_err(|message| {
                let key = format!("quota.{key}");
                self.problems.push(wrong(&key, item, &message));
            })
            .ok()
    }

    fn note(&mut self, key: &str, message: &str) {
        let item = self.items.get(key);
        self.problems.push(Problem {
            place: item.map_or(self.place, |item| &item.place).clone(),
            key: format!("quota.{key}"),
            message: message.to_owned(),
        });
    }
}

fn name(typed: &str) -> Result<String, String> {
    if typed.chars().any(display::is_deceptive) {
        return Err("contains an invisible character".to_owned());
    }
    match typed.chars().count() {
        0 => Err("is empty".to_owned()),
        1..=LONGEST => Ok(typed.to_owned()),
        _ => Err(format!("is longer than {LONGEST} characters")),
    }
}

fn per(typed: &str) -> Result<Per, String> {
    match typed {
        "day" => Ok(Per::Day),
        "month" => Ok(Per::Month),
        _ => Err("is neither day nor month".to_owned()),
    }
}

fn direction(typed: &str) -> Result<Option<Direction>, String> {
    match typed {
        "both" => Ok(None),
        "up" => Ok(Some(Direction::Up)),
        "down" => Ok(Some(Direction::Down)),
        _ => Err("is not both, up or down".to_owned()),
    }
}

fn scope(typed: &str) -> Result<QuotaScope, String> {
    let (kind, name) = typed.split_once(' ').unwrap_or((typed, ""));
    let name = name.trim().to_owned();
    match (kind, name.is_empty()) {
        ("total", true) => Ok(QuotaScope::Total),
        ("host", false) => Ok(QuotaScope::Host(name)),
        ("process", false) => Ok(QuotaScope::Process(name)),
        _ => Err("is not a scope; write total, host NAME or process NAME".to_owned()),
    }
}
