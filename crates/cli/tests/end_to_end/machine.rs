//! A lab that archives its logs and sends letters, to a server that all such labs share.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::sync::{LazyLock, Mutex};

use serde_json::Value;

use crate::containers::unzip;
use crate::lab::Lab;
use crate::post_office::{Counter, PASSWORD, PostOffice};
use crate::state::State;

/// Letters about a run that failed or died, and about a machine that is silent: each run may have its own.
const ABOUT_RUNS: [&str; 3] = [
    "the run failed",
    "a run did not finish",
    "nothing is logged any more",
];

struct Shared {
    office: PostOffice,
    counter: Counter,
    seen: Mutex<Seen>,
}

/// The letters that were looked at.
#[derive(Default)]
struct Seen {
    machines: usize,
    letters: usize,
    /// Message-IDs of reports' letters, one a copy, by the domain of the sender.
    reports: BTreeMap<String, Vec<String>>,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let office = PostOffice::new();
    let counter = office.open("", "");
    let seen = Mutex::default();
    Shared {
        office,
        counter,
        seen,
    }
});

pub(crate) struct Machine {
    lab: Lab,
    /// Tells its letters from those of others.
    domain: String,
}

impl Deref for Machine {
    type Target = Lab;

    fn deref(&self) -> &Lab {
        &self.lab
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        let domain = {
            let mut seen = SHARED.seen.lock().unwrap();
            seen.machines += 1;
            format!("machine{:05}.test", seen.machines)
        };
        // One thread, so that calls come in the same order each time.
        let lab = Lab::with(&format!(
            "timezone: UTC\nprocessing: {{max_workers: 1}}\n\
             archive: {{settle_minutes: 0, clean_old_archives: false}}\n\
             email: {{smtp_server: 127.0.0.1, smtp_port: {}, use_tls: false, username: ada, \
             password_file: secret, allow_plaintext_auth: true, from_addr: reports@{domain}, \
             to_addrs: [ada@example.org]}}\n",
            SHARED.counter.port
        ));
        lab.put_secret("secret", PASSWORD);
        Self { lab, domain }
    }

    /// All that two machines must have in common, each letter once.
    #[track_caller]
    pub(crate) fn state(&self) -> State {
        self.run(&["archive", "verify"]).done();
        let mut state = State::new();
        for (name, content) in self.lab.state() {
            // It names the machine, as its outbox does.
            if name != "settings.yaml" {
                state.insert(name, content.replace(&self.domain, "machine.test"));
            }
        }
        let mut letters = self.letters();
        letters.sort();
        letters.dedup();
        state.insert("letters".to_owned(), letters.join(" "));
        state
    }

    /// Message-IDs of the letters about reports that the server has accepted, one a copy.
    pub(crate) fn letters(&self) -> Vec<String> {
        let mut seen = SHARED.seen.lock().unwrap();
        loop {
            let file = format!("{}.eml", seen.letters + 1);
            let Ok(letter) = fs::read(SHARED.office.folder.path().join(file)) else {
                break;
            };
            seen.letters += 1;
            let text = String::from_utf8_lossy(&letter).replace("\r\n ", " ");
            let head = text.split("\r\n\r\n").next().unwrap();
            if ABOUT_RUNS.iter().any(|about| head.contains(about)) {
                continue;
            }
            let (_, id) = head.split_once("Message-ID: ").unwrap();
            let (key, rest) = id.split_once('@').unwrap();
            let (domain, _) = rest.split_once('>').unwrap();
            let copies = seen.reports.entry(domain.to_owned()).or_default();
            copies.push(key.to_owned());
        }
        seen.reports.get(&self.domain).cloned().unwrap_or_default()
    }

    /// Message-IDs of the letters of which the outbox knows that they were delivered.
    pub(crate) fn delivered(&self) -> Vec<String> {
        let records = fs::read_dir(self.path("store/outbox"))
            .into_iter()
            .flatten();
        records
            .map(|entry| entry.unwrap().path())
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
            .filter(|record: &Value| record["recipients"][0]["state"] == "delivered")
            .map(|record| {
                let id = record["message_id"].as_str().unwrap();
                id.split_once('@').unwrap().0.to_owned()
            })
            .collect()
    }

    /// The logs, by name.
    pub(crate) fn found_logs(&self) -> BTreeMap<String, Vec<u8>> {
        let contents = self.contents("logs").into_iter();
        contents
            .map(|(path, (bytes, _))| {
                let name = path.file_name().unwrap().to_str().unwrap();
                (name.to_owned(), bytes)
            })
            .collect()
    }

    /// Logs that are neither where they were nor in an archive, byte for byte.
    pub(crate) fn lost(&self, logs: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
        let here = self.found_logs();
        let archived: Vec<Vec<u8>> = fs::read_dir(self.path("archive"))
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "zip"))
            .flat_map(|path| unzip(&fs::read(path).unwrap()))
            .map(|(_, bytes)| bytes)
            .collect();
        logs.iter()
            .filter(|(name, bytes)| here.get(*name) != Some(bytes) && !archived.contains(bytes))
            .map(|(name, _)| name.clone())
            .collect()
    }
}
