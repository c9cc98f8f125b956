//! A folder with settings, logs and all that the binary makes of them.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// No run of these tests takes longer, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// A machine of its own: `settings.yaml`, `logs/`, and later `store/` and `reports/`.
pub(crate) struct Lab {
    folder: TempDir,
}

/// What a run said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) said: String,
    pub(crate) complained: String,
}

impl Ran {
    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.said)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.said, self.complained))
    }

    /// Holds that all went well.
    #[track_caller]
    pub(crate) fn done(self) -> Self {
        assert_eq!(self.code, 0, "{}{}", self.said, self.complained);
        self
    }
}

impl Lab {
    /// An empty machine in UTC.
    pub(crate) fn new() -> Self {
        Lab::with("timezone: UTC\n")
    }

    /// An empty machine with more settings.
    pub(crate) fn with(settings: &str) -> Self {
        let lab = Lab {
            folder: tempfile::tempdir().unwrap(),
        };
        fs::create_dir(lab.logs()).unwrap();
        lab.configure(settings);
        lab
    }

    /// Writes the settings anew.
    pub(crate) fn configure(&self, settings: &str) {
        let archive = if settings.contains("archive:") {
            ""
        } else {
            "archive: {enabled: false}\n"
        };
        let email = if settings.contains("email:") {
            ""
        } else {
            "email: {enabled: false}\n"
        };
        let reports = if settings.contains("reports:") {
            ""
        } else {
            "reports: {format: [json, csv, parquet]}\n"
        };
        let settings = format!(
            "{settings}host: lab\n\
             paths: {{log_dir: logs, report_dir: reports, archive_dir: archive, store_dir: store}}\n\
             {email}\
             {archive}\
             {reports}"
        );
        fs::write(self.path("settings.yaml"), settings).unwrap();
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.path("logs")
    }

    /// Writes a log.
    pub(crate) fn put(&self, name: impl AsRef<Path>, log: &[u8]) {
        let path = self.logs().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, log).unwrap();
    }

    /// Writes a file that only its owner can read.
    pub(crate) fn put_secret(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    /// Runs the program.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Ran {
        self.run_with(arguments, b"")
    }

    /// Runs the program with something on standard input. Whatever it was given, it must not panic,
    /// must come to an end, and must not write what steers a terminal.
    #[track_caller]
    pub(crate) fn run_with<S: AsRef<OsStr>>(&self, arguments: &[S], input: &[u8]) -> Ran {
        self.run_in(&[], arguments, input)
    }

    /// Does the same with variables in its environment.
    #[track_caller]
    pub(crate) fn run_in<S: AsRef<OsStr>>(
        &self,
        variables: &[(&str, &str)],
        arguments: &[S],
        input: &[u8],
    ) -> Ran {
        let program = Path::new(env!("CARGO_BIN_EXE_network-monitor"));
        let output = Command::from_std(self.prepared(program))
            .envs(variables.iter().copied())
            .args(["-c", "settings.yaml"])
            .args(arguments)
            .write_stdin(input)
            .timeout(PATIENCE)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
        let ran = Ran {
            code: output.status.code().expect("no signal ended it"),
            said: text(output.stdout),
            complained: text(output.stderr),
        };
        for stream in [&ran.said, &ran.complained] {
            assert!(!stream.contains("panicked at"), "{stream}");
            // CSV ends its lines as spreadsheets want it.
            let lines = stream.replace("\r\n", "\n");
            let steering = lines.chars().find(|character| steers(*character));
            assert_eq!(steering, None, "{}", stream.escape_debug());
        }
        ran
    }

    /// A program that will see what the lab's runs see of the world.
    pub(crate) fn prepared(&self, program: &Path) -> std::process::Command {
        let mut command = std::process::Command::new(program);
        command
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path());
        command
    }

    /// `report --json` with more arguments: its code and what it printed, which keeps to its schema.
    #[track_caller]
    pub(crate) fn report(&self, more: &[&str]) -> (i32, Value) {
        let ran = self.run(&[&["report", "--json"], more].concat());
        let result = ran.json();
        assert_valid(&schema("run.schema.json"), &result);
        (ran.code, result)
    }

    /// `status --json` without when runs were, how long they took, the room on the disk, the day at hand, and the
    /// store's size, which holds pages that the catalogue keeps free.
    #[track_caller]
    pub(crate) fn timeless_status(&self) -> String {
        let mut status = self.run(&["status", "--json"]).json();
        for key in [
            "timestamp",
            "timestamp_unix",
            "last_run",
            "store_bytes",
            "disk",
        ] {
            status.as_object_mut().unwrap().remove(key);
        }
        for host in status["coverage"].as_array_mut().unwrap() {
            host.as_object_mut().unwrap().remove("today");
        }
        status.to_string()
    }

    /// A report that was written.
    #[track_caller]
    pub(crate) fn written(&self, name: &str) -> Value {
        let path = self.path("reports").join(name);
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        serde_json::from_slice(&text).unwrap()
    }

    /// Everything below a folder: bytes and the time they were written.
    pub(crate) fn contents(&self, folder: &str) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
        let mut contents = BTreeMap::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let modified = fs::metadata(&path).unwrap().modified().unwrap();
                    contents.insert(path.clone(), (fs::read(path).unwrap(), modified));
                }
            }
        }
        contents
    }
}

/// Whether a terminal does something else with it than show it: controls of C0 and C1, and the
/// marks that turn the direction of writing.
fn steers(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || ('\u{202a}'..='\u{202e}').contains(&character)
        || ('\u{2066}'..='\u{2069}').contains(&character)
}

/// A report without the time it was made.
pub(crate) fn timeless(mut report: Value) -> Value {
    report.as_object_mut().unwrap().remove("timestamp");
    report
}

/// Bytes sent and received, of a report or of an entry of `report --json`.
pub(crate) fn totals(report: &Value) -> (u64, u64) {
    let bytes = |key: &str| report[key].as_u64().unwrap();
    (bytes("total_upload_bytes"), bytes("total_download_bytes"))
}

/// Holds that every byte read is accounted for.
#[track_caller]
pub(crate) fn assert_balanced(result: &Value) {
    let ingest = &result["ingest"];
    let parts = ingest["accounting"].as_object().unwrap().values();
    let accounted: u64 = parts.map(|part| part.as_u64().unwrap()).sum();
    assert_eq!(
        ingest["bytes_read"].as_u64().unwrap(),
        accounted + ingest["known_bytes"].as_u64().unwrap(),
        "{ingest}"
    );
}

/// Days between a date of 2026 and the same of 2020, on which the clocks in Berlin are changed on
/// the same days of the same weeks.
const SIX_YEARS: i64 = 2191 * 86_400;

/// A recording that ships with the store's tests, six years older, as its name here is: a day that
/// is not over gives another report each second.
pub(crate) fn recording(name: &str) -> Vec<u8> {
    static AGED: Mutex<BTreeMap<String, Vec<u8>>> = Mutex::new(BTreeMap::new());
    let mut recordings = AGED.lock().unwrap();
    let recording = recordings.entry(name.to_owned()).or_insert_with(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/tests/recordings");
        aged(&fs::read(folder.join(name.replace("_2020", "_2026"))).unwrap())
    });
    recording.clone()
}

/// A log with its times six years back.
pub(crate) fn aged(log: &[u8]) -> Vec<u8> {
    let age = |line: &[u8]| -> Option<Vec<u8>> {
        let start = line.windows(3).position(|bytes| bytes == b": <")? + 3;
        let length = line[start..].iter().position(|byte| *byte == b'>')?;
        let time = std::str::from_utf8(&line[start..start + length]).ok()?;
        let aged = (time.parse::<i64>().ok()? - SIX_YEARS).to_string();
        Some([&line[..start], aged.as_bytes(), &line[start + length..]].concat())
    };
    log.split_inclusive(|byte| *byte == b'\n')
        .flat_map(|line| age(line).unwrap_or_else(|| line.to_vec()))
        .collect()
}

/// A schema that ships in `docs/schema`.
pub(crate) fn schema(name: &str) -> jsonschema::Validator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schema");
    let schema = fs::read(folder.join(name)).unwrap();
    jsonschema::draft202012::new(&serde_json::from_slice(&schema).unwrap()).unwrap()
}

/// Holds that a value keeps to a schema.
#[track_caller]
pub(crate) fn assert_valid(schema: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> = schema
        .iter_errors(value)
        .map(|error| format!("{error} at {}", error.instance_path()))
        .collect();
    assert_eq!(errors, [""; 0]);
}
