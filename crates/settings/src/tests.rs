//! What a user can write into settings, and what is answered.

mod analyses;

use super::*;
use crate::locate::LocatedFile;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Settles a file with this text, which lies in `/nowhere/place/config`.
fn settle(text: &str) -> Result<Settings, SettingsError> {
    settle_in(text, &[], &Environment::for_tests())
}

fn settle_in(
    text: &str,
    flags: &[Override],
    environment: &Environment,
) -> Result<Settings, SettingsError> {
    let found = LocatedFile {
        path: "settings.yaml".into(),
        folder: environment.current_folder.join("config"),
        text: text.to_owned(),
        exposed: false,
    };
    Settings::settle(Some(&found), flags, environment)
}

fn with_variables(pairs: &[(&str, &str)]) -> Environment {
    let mut environment = Environment::for_tests();
    let pairs = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    environment.variables.extend(pairs);
    environment
}

#[track_caller]
fn assert_error(text: &str, expected: &str) {
    assert_eq!(
        settle(text).unwrap_err().to_string(),
        expected,
        "for {text:?}"
    );
}

/// Everything but where it came from.
fn meaning(settings: &Settings) -> String {
    format!(
        "{:#?}",
        Settings {
            source: None,
            ..settings.clone()
        }
    )
}

#[test]
fn the_shipped_file_holds_exactly_the_defaults() {
    let defaults = Settings::load(None, &Environment::for_tests()).unwrap();
    assert_eq!(meaning(&settle(DEFAULT_FILE).unwrap()), meaning(&defaults));
    assert_eq!(defaults.not_yet_active(), [""; 0]);
}

#[test]
fn the_shipped_file_and_the_shown_one_name_every_key() {
    let known: BTreeSet<String> = keys::SECTIONS
        .iter()
        .flat_map(|(section, keys)| keys.iter().map(|key| keys::full_name(section, key)))
        .collect();
    let named = |text: &str| {
        let mut section = String::new();
        let mut named = BTreeSet::new();
        for line in text.lines() {
            let Some((key, _)) = line.split_once(':') else {
                continue;
            };
            if let Some(key) = key
                .strip_prefix("  ")
                .filter(|key| !key.contains([' ', '#']))
            {
                named.insert(format!("{section}.{key}"));
            } else if !key.contains([' ', '#']) {
                section = key.to_owned();
                named.insert(section.clone());
            }
        }
        named
    };
    let shown = settle("").unwrap().to_yaml();
    for text in [DEFAULT_FILE, &shown] {
        let missing = &known - &named(text);
        assert!(missing.is_empty(), "{missing:?}");
    }
}

#[test]
fn defaults_are_those_of_the_contract() {
    let settings = Settings::load(None, &Environment::for_tests()).unwrap();
    assert_eq!(settings.host, "web1");
    assert_eq!(settings.time_zone_name, "local");
    assert_eq!(
        settings.paths.log_dir,
        Path::new("/home/ada/audit/bandwhich/log")
    );
    assert_eq!(settings.paths.temp_dir, None);
    assert_eq!(settings.input.resolution, Duration::from_secs(60));
    assert_eq!(settings.input.max_line_bytes, 65_536);
    assert_eq!(settings.processing.chunk_size, 256 << 10);
    assert_eq!(settings.input.max_expansion, 1000);
    assert_eq!(settings.processing.batch_size, 65_536);
    assert_eq!(settings.processing.max_workers, 4);
    assert_eq!(
        settings.reports.formats_to_write(),
        [ReportFormat::Json, ReportFormat::Html, ReportFormat::Csv]
    );
    assert_eq!(settings.logging.file_size, 10_000_000);
    assert!(!settings.email.enabled);
    assert_eq!(
        settings.email.templates_dir,
        Path::new("/nowhere/place/config/email_templates")
    );
}

#[test]
fn files_without_content_mean_the_defaults() {
    let defaults = meaning(&settle(DEFAULT_FILE).unwrap());
    for text in [
        "",
        "\n",
        "# only a comment\n",
        "---\n",
        "\u{feff}",
        "paths:\nemail: ~\n",
        "{}",
    ] {
        assert_eq!(meaning(&settle(text).unwrap()), defaults, "for {text:?}");
    }
}

#[test]
fn every_section_is_read() {
    let settings = settle(
        "timezone: Europe/Berlin\nhost: 42\n\
         paths: {log_dir: logs, temp_dir: /tmp/nm}\n\
         input: {mode: rate, hosts: directories, resolution: 5m, damaged_lines_threshold: 0.5}\n\
         reports: {format: [parquet, json, parquet], include_csv: no, top_n: 3}\n\
         archive: {compress_format: tar.gz, retention_days: 7}\n\
         store: {retention_days: 400}\n\
         logging: {level: warning, file: ~/nm.log, file_size: 1MiB}\n",
    )
    .unwrap();
    assert_eq!(settings.time_zone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(settings.host, "42");
    assert_eq!(
        settings.paths.log_dir,
        Path::new("/nowhere/place/config/logs")
    );
    assert_eq!(
        settings.paths.temp_dir.as_deref(),
        Some(Path::new("/tmp/nm"))
    );
    assert_eq!(settings.input.mode, InputMode::Rate);
    assert_eq!(settings.input.hosts, HostLayout::Directories);
    assert_eq!(settings.input.resolution, Duration::from_secs(300));
    assert_eq!(
        settings.reports.formats_to_write(),
        [ReportFormat::Parquet, ReportFormat::Json]
    );
    assert_eq!(settings.archive.compress_format, CompressFormat::TarGz);
    assert_eq!(settings.store.retention_days, Some(400));
    assert_eq!(settings.logging.level, Level::Warn);
    assert_eq!(
        settings.logging.file.as_deref(),
        Some(Path::new("/home/ada/nm.log"))
    );
    assert_eq!(settings.not_yet_active(), [""; 0]);
}

#[test]
fn a_flag_goes_before_a_variable_before_the_file() {
    let text = "host: file\npaths: {report_dir: from-file}\n";
    let variables = with_variables(&[
        ("NETWORK_MONITOR__HOST", "variable"),
        ("NETWORK_MONITOR__PATHS__REPORT_DIR", "from-variable"),
        ("NETWORK_MONITOR__REPORTS__FORMAT", "json, parquet"),
        ("NETWORK_MONITOR__PATHS__LOG_DIR", ""),
        ("NETWORK_MONITOR_OTHER", "not ours"),
    ]);
    let settings = settle_in(text, &[], &variables).unwrap();
    assert_eq!(settings.host, "variable");
    assert_eq!(
        settings.paths.report_dir,
        Path::new("/nowhere/place/from-variable")
    );
    assert_eq!(
        settings.reports.formats,
        [ReportFormat::Json, ReportFormat::Parquet]
    );
    assert_eq!(
        settings.paths.log_dir,
        Path::new("/home/ada/audit/bandwhich/log")
    );

    let flags = [Override {
        flag: "--host",
        key: "host",
        value: "flag".into(),
    }];
    assert_eq!(settle_in(text, &flags, &variables).unwrap().host, "flag");
    assert_eq!(settle(text).unwrap().host, "file");
}

#[test]
fn wrong_variables_and_flags_are_named() {
    let variables = with_variables(&[
        ("NETWORK_MONITOR__INPUT__MODE", "speed"),
        ("NETWORK_MONITOR__PATHS__LOGDIR", "/x"),
    ]);
    let flags = [Override {
        flag: "--format",
        key: "reports.format",
        value: "json,xml".into(),
    }];
    assert_eq!(
        settle_in("", &flags, &variables).unwrap_err().to_string(),
        "NETWORK_MONITOR__PATHS__LOGDIR: unknown key; did you mean log_dir?\n\
         NETWORK_MONITOR__INPUT__MODE: \"speed\" is not known; write auto, rate, cumulative\n\
         --format: \"xml\" is not known; write json, csv, parquet, html"
    );
}

#[test]
fn unknown_keys_are_named_with_the_nearest_known_one() {
    assert_error(
        "paths:\n  logdir: /x\n",
        "settings.yaml:2:3: paths.logdir: unknown key; did you mean log_dir?",
    );
    assert_error(
        "time-zone: x\n",
        "settings.yaml:1:1: time-zone: unknown key; did you mean timezone?",
    );
    assert_error(
        "log_dir: /x\n",
        "settings.yaml:1:1: log_dir: unknown key here; it belongs under paths",
    );
    assert_error(
        "\"a\\e[2J\": {b: [c]}\n",
        "settings.yaml:1:1: a: unknown key; known here: version, timezone, host, paths, input, \
         collect, email, processing, reports, store, archive, logging, metrics, notify, analysis, quota",
    );
}

#[test]
fn wrong_values_are_named_with_the_cure() {
    let cases = [
        (
            "version: 2.0",
            ":1:10: version: \"2.0\" is not a version this program knows; write \"1.0\"",
        ),
        (
            "timezone: CET/Nowhere",
            ":1:11: timezone: \"CET/Nowhere\" is not a time zone; write local or an IANA name such \
             as Europe/Berlin",
        ),
        (
            "host: \"a\\nb\"",
            ":1:7: host: \"a\\u{a}b\" contains a control character",
        ),
        (
            "input:\n  resolution: 61s",
            ":2:15: input.resolution: \"61s\" does not divide 15 minutes; write a duration such as \
             1s, 10s, 60s, 300s or 900s",
        ),
        (
            "input:\n  max_line_bytes: lots",
            ":2:19: input.max_line_bytes: \"lots\" is not a size; write a whole number of bytes, or \
             one with a unit as in 10MB or 4MiB",
        ),
        (
            "input: {damaged_lines_threshold: 2}",
            ":1:34: input.damaged_lines_threshold: \"2\" is not a number from 0 to 1",
        ),
        (
            "input: {damaged_lines_threshold: .nan}",
            ":1:34: input.damaged_lines_threshold: \".nan\" is not a number from 0 to 1",
        ),
        (
            "store: {compact_after: soon}",
            ":1:24: store.compact_after: \"soon\" is not a number of days from 0 to 36500, nor never",
        ),
        (
            "processing: {max_workers: 0}",
            ":1:27: processing.max_workers: \"0\" is not a number from 1 to 1024",
        ),
        (
            "processing: {chunk_size: 1}",
            ":1:26: processing.chunk_size: \"1\" is out of range; write a size from 4KiB to 1GiB",
        ),
        (
            "processing: {keep_temp_files: perhaps}",
            ":1:31: processing.keep_temp_files: \"perhaps\" is neither true nor false",
        ),
        (
            "reports:\n  format:\n    - json\n    - xml",
            ":4:7: reports.format: \"xml\" is not known; write json, csv, parquet, html",
        ),
        (
            "reports: {format: []}",
            ":1:19: reports.format: names no format; write at least one",
        ),
        (
            "logging: {level: LOUD}",
            ":1:18: logging.level: \"LOUD\" is not known; write ERROR, WARN, INFO, DEBUG, TRACE",
        ),
        (
            "email: {timeout: soon}",
            ":1:18: email.timeout: \"soon\" is not a duration; write whole seconds, or a number with \
             a unit as in 60s or 5m",
        ),
        (
            "email: {to_addrs: [ada]}",
            ":1:20: email.to_addrs: \"ada\" is not an address; write one such as ada@example.org",
        ),
        (
            "paths:\n  log_dir: ${NOT_SET}/log",
            ":2:12: paths.log_dir: \"${NOT_SET}/log\" needs ${NOT_SET}, which is not set",
        ),
    ];
    for (text, expected) in cases {
        assert_error(text, &format!("settings.yaml{expected}"));
    }
}

#[test]
fn wrong_shapes_are_named_with_the_cure() {
    let cases = [
        (
            "input:\n  mode: [rate]",
            ":2:9: input.mode: takes one value, not a list or keys of its own",
        ),
        (
            "host: {name: web1}",
            ":1:7: host: takes one value, not a list or keys of its own",
        ),
        (
            "reports:\n  format: {a: b}",
            ":2:11: reports.format: takes one value or a list of values",
        ),
        (
            "paths: /var/log",
            ":1:8: paths: is a section; its keys stand below it, indented",
        ),
        ("~: 3", ":1:1: a key is missing before its colon"),
        (
            "host: !!int web1",
            ":1:13: host: a tag has no meaning here; a value that begins with ! needs quotes",
        ),
        (
            "analysis: 3",
            ":1:11: analysis: is a section; its keys stand below it, indented",
        ),
        (
            "just text",
            ":1:1: settings are sections with keys, as in paths:",
        ),
        (
            "- a\n- b\n",
            ":1:1: settings are sections with keys, as in paths:",
        ),
        ("host: a\nhost: b\n", ":2:1: the key host is written twice"),
        (
            "paths: {}\npaths: {}\n",
            ":2:1: the key paths is written twice",
        ),
        (
            "host: a\n---\nhost: b\n",
            ":3:1: a second YAML document begins here; a settings file has one",
        ),
        (
            "host: *web",
            ":1:7: host: an alias without its anchor; a value that begins with * needs quotes",
        ),
    ];
    for (text, expected) in cases {
        assert_error(text, &format!("settings.yaml{expected}"));
    }
}

#[test]
fn broken_yaml_is_located() {
    for text in [
        "paths:\n\tlog_dir: /x\n",
        "paths: {log_dir: /x\n",
        "host: \"a\n",
        "host: b: c\n",
    ] {
        let error = settle(text).unwrap_err().to_string();
        assert!(error.starts_with("settings.yaml:"), "{text:?}: {error}");
        assert!(error.contains("is not valid YAML: "), "{text:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{text:?}: {error}");
    }
}

#[test]
fn a_bomb_of_aliases_is_refused_quickly() {
    let mut text = String::from("analysis:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let inner = vec![format!("*a{}", level - 1); 10].join(", ");
        text.push_str(&format!("  a{level}: &a{level} [{inner}]\n"));
    }
    let error = settle(&text).unwrap_err().to_string();
    assert!(
        error.ends_with("is nested or repeated by aliases far beyond what settings need"),
        "{error}"
    );
    let deep = format!(
        "analysis: {{a: {}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    assert!(settle(&deep).is_err());
}

#[test]
fn the_store_the_archive_and_the_logs_do_not_lie_in_each_other() {
    for (text, expected) in [
        (
            "paths: {store_dir: /a/s, archive_dir: /a/s/}",
            "paths.archive_dir: is the same folder as paths.store_dir",
        ),
        (
            "paths: {store_dir: /a/s, archive_dir: /a/s/archive}",
            "paths.archive_dir: lies inside paths.store_dir",
        ),
        (
            "paths: {store_dir: /a/s, report_dir: /a/s/reports}",
            "paths.report_dir: lies inside paths.store_dir",
        ),
        (
            "paths: {store_dir: /a/x/s, archive_dir: /a/x}",
            "paths.store_dir: lies inside paths.archive_dir",
        ),
        (
            "paths: {log_dir: /a/x/logs, archive_dir: /a/x}",
            "paths.log_dir: lies inside paths.archive_dir",
        ),
        (
            "paths: {log_dir: /a/x, archive_dir: /a/x}",
            "paths.log_dir: is the same folder as paths.archive_dir",
        ),
    ] {
        let error = settle(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    // What is passed over when logs are looked for may lie among them.
    for text in [
        "paths: {log_dir: /a/x, archive_dir: /a/x/archive}",
        "paths: {report_dir: /a/x, store_dir: /a/x/store}",
    ] {
        assert!(settle(text).is_ok(), "{text}");
    }
}

#[test]
fn logs_do_not_lie_where_the_program_writes() {
    assert_error(
        "paths: {log_dir: /a/logs, report_dir: /a/logs/}",
        "settings.yaml:1:18: paths.log_dir: is the same folder as paths.report_dir; logs need \
         their own",
    );
    assert_error(
        "paths: {log_dir: /a/store/logs, store_dir: /a/store}",
        "settings.yaml:1:18: paths.log_dir: lies inside paths.store_dir; logs need a folder of \
         their own",
    );
    assert!(settle("paths: {log_dir: /a, report_dir: /a/reports, store_dir: /ab}").is_ok());
}

#[cfg(unix)]
#[test]
fn links_do_not_hide_that_two_folders_are_one() {
    let folder = tempfile::tempdir().unwrap();
    let real = folder.path().join("real");
    fs::create_dir(&real).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let text = format!(
        "paths: {{log_dir: '{}/new', report_dir: '{}/new'}}",
        link.display(),
        real.display()
    );
    let error = settle(&text).unwrap_err().to_string();
    assert!(
        error.contains("is the same folder as paths.report_dir"),
        "{error}"
    );
}

#[test]
fn a_default_path_needs_a_home() {
    let mut environment = Environment::for_tests();
    environment.home = None;
    let error = settle_in(
        "paths: {report_dir: /r, archive_dir: /a, store_dir: /s}",
        &[],
        &environment,
    );
    assert_eq!(
        error.unwrap_err().to_string(),
        "paths.log_dir: the default ~/audit/bandwhich/log needs a home folder, but HOME is not set"
    );
    let text = "paths: {log_dir: /l, report_dir: /r, archive_dir: /a, store_dir: /s}";
    assert!(settle_in(text, &[], &environment).is_ok());
}

#[test]
fn a_machine_without_a_name_needs_one_in_the_settings() {
    let mut environment = Environment::for_tests();
    environment.hostname = String::new();
    assert_eq!(
        settle_in("", &[], &environment).unwrap_err().to_string(),
        "host: this machine's own name is empty; set a name here"
    );
    assert_eq!(
        settle_in("host: web2", &[], &environment).unwrap().host,
        "web2"
    );
    let long = format!("host: {}", "a".repeat(256));
    let error = settle(&long).unwrap_err().to_string();
    assert!(error.ends_with("a…\" is longer than 255 bytes"), "{error}");
}

const LETTER: &str = "email:\n  smtp_server: smtp.example.org\n  username: ada@example.org\n  \
                      to_addrs: bob@example.org\n";

#[test]
fn mail_is_on_where_the_section_is_complete() {
    let email = settle(LETTER).unwrap().email;
    assert!(email.enabled);
    assert_eq!(email.from_addr, "ada@example.org".parse().ok());
    assert_eq!(email.encryption, Encryption::StartTls);
    assert!(
        !settle(&format!("{LETTER}  enabled: false\n"))
            .unwrap()
            .email
            .enabled
    );
    assert_eq!(
        settle(&format!("{LETTER}  use_ssl: true\n"))
            .unwrap()
            .email
            .encryption,
        Encryption::Tls
    );
    assert_error(
        "email:\n  enabled: true\n  username: ada\n",
        "settings.yaml:2:12: email.enabled: is true, but there is no smtp_server and no from_addr \
         and no to_addrs",
    );
}

#[test]
fn a_password_comes_from_one_place_and_the_environment_first() {
    let given = |text: &str, environment: &Environment| {
        use secrecy::ExposeSecret;
        match settle_in(text, &[], environment).unwrap().email.password {
            Some(PasswordSource::Given(secret)) => secret.expose_secret().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    let plain = Environment::for_tests();
    for typed in ["0123", "1e5", "true", "'null'", "'*a: b'"] {
        let text = format!("{LETTER}  password: {typed}\n");
        assert_eq!(given(&text, &plain), typed.trim_matches('\''));
    }
    let variables = with_variables(&[("EMAIL_PASSWORD", "from-environment")]);
    assert_eq!(
        given(&format!("{LETTER}  password: x\n"), &variables),
        "from-environment"
    );
    assert_eq!(
        given(&format!("{LETTER}  password_file: x\n"), &variables),
        "from-environment"
    );
    assert_error(
        "email:\n  password: secret\n  password_file: x\n",
        "settings.yaml:3:18: email.password_file: is one password too many; keep one of password, \
         password_file and password_command",
    );
}

#[test]
fn a_password_is_never_shown() {
    let environment = with_variables(&[("EMAIL_PASSWORD", "s3cret-variable")]);
    let text = format!("{LETTER}  password: s3cret-file\n");
    for settings in [
        settle(&text).unwrap(),
        settle_in(&text, &[], &environment).unwrap(),
    ] {
        let yaml = settings.to_yaml();
        assert!(yaml.contains("\n  password: \"********\"\n"), "{yaml}");
        assert!(!yaml.contains("s3cret") && !format!("{settings:?}").contains("s3cret"));
    }
    for broken in [
        "*s3cret",
        "'s3cret",
        "\"s3cret",
        "\"s3cret\\q\"",
        "[s3cret]",
        "{s3cret: s3cret}",
        "@s3cret",
        "`s3cret",
        "%s3cret",
        "&s3cret",
        "!s3cret s3cret",
        "!!int s3cret",
        "!!binary s3cret",
        "s3cret: s3cret",
        "|s3cret",
        "a\n s3cret: s3cret",
        "s3cret\n   - s3cret: [",
        "x\n  password: s3cret",
        "x\n  password s3cret",
        "x\n  password:s3cret",
        "x\n  password_file:s3cret: s3cret",
    ] {
        let text = format!("email:\n  username: ada\n  password: {broken}\n  smtp_port: many\n");
        for text in [text, format!("email: {{password: {broken}}}")] {
            if let Err(error) = settle(&text) {
                let said = format!("{error} {error:?} {:?}", error.hint());
                assert!(!said.contains("s3cret"), "{text}: {said}");
            }
        }
    }
    assert_error(
        "email: {password:s3cret}",
        "settings.yaml:1:9: email.password: needs a colon and a space between the key and its value",
    );
}

#[cfg(unix)]
#[test]
fn a_password_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mut environment = Environment::for_tests();
    environment.current_folder = folder.path().into();
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let load = |name: &str| Settings::load(Some(Path::new(name)), &environment);

    write("mine.yaml", "email: {password: s3cret}\n", 0o640);
    let error = load("mine.yaml").unwrap_err();
    assert_eq!(
        error.to_string(),
        "mine.yaml: holds a password and can be read by group or others"
    );
    assert_eq!(error.hint().unwrap(), "chmod 600 mine.yaml");

    write("mine.yaml", "email: {password: s3cret}\n", 0o600);
    assert!(load("mine.yaml").is_ok());
    write("open.yaml", "email: {username: ada, password: }\n", 0o644);
    assert!(load("open.yaml").is_ok());

    write("by-file.yaml", "email: {password_file: secret}\n", 0o644);
    assert!(load("by-file.yaml").is_ok());
    write("secret", "s3cret\n", 0o604);
    let error = load("by-file.yaml").unwrap_err();
    let secret = folder.path().join("secret");
    assert_eq!(
        error.hint().unwrap(),
        format!("chmod 600 {}", secret.display())
    );
}

#[test]
fn shown_settings_read_back_as_the_same() {
    let texts = [
        DEFAULT_FILE.to_owned(),
        "host: \"a \\\"b\\\" \\u202e: #\"\ntimezone: America/New_York\n".to_owned(),
        "host: yes\npaths: {log_dir: 'a b/c: d', temp_dir: /t}\nlogging: {file: l.log}\n"
            .to_owned(),
        format!(
            "{LETTER}  use_tls: no\n  cc_addrs: ['\"L, A\" <a@b>', c@d]\n  password_command: pass x\n"
        ),
        "reports: {format: 'json, html'}\nprocessing: {chunk_size: 1000000}\n".to_owned(),
    ];
    for text in texts {
        let settings = settle(&text).unwrap();
        let yaml = settings.to_yaml();
        let mut again = settle(&yaml).unwrap_or_else(|error| panic!("{error}\n{yaml}"));
        // What is shown names the host in any case.
        assert!(again.host_is_set);
        again.host_is_set = settings.host_is_set;
        assert_eq!(meaning(&again), meaning(&settings), "{yaml}");
    }
}

#[test]
fn quotas_are_read_with_their_defaults_and_shown_as_they_are_read() {
    use ::analysis::{Direction, Per, Quota, QuotaScope};
    let text = "quota:\n  - name: uplink\n    bytes: 500 GB\n  - {name: 'day: up', bytes: 2TiB, per: day, direction: up, scope: process ssh d}\n  - {name: web, bytes: 1, first_day: 31, scope: host web1, direction: down}\n";
    let settings = settle(text).unwrap();
    let quota = |name: &str, bytes, per, first_day, direction, scope| Quota {
        name: name.to_owned(),
        bytes,
        per,
        first_day,
        direction,
        scope,
    };
    let expected = [
        quota(
            "uplink",
            500_000_000_000,
            Per::Month,
            1,
            None,
            QuotaScope::Total,
        ),
        quota(
            "day: up",
            2 << 40,
            Per::Day,
            1,
            Some(Direction::Up),
            QuotaScope::Process("ssh d".to_owned()),
        ),
        quota(
            "web",
            1,
            Per::Month,
            31,
            Some(Direction::Down),
            QuotaScope::Host("web1".to_owned()),
        ),
    ];
    assert_eq!(settings.quotas, expected);
    assert_eq!(settle(&settings.to_yaml()).unwrap().quotas, expected);
}

#[test]
fn a_wrong_quota_is_named_by_line_and_key() {
    let cases = [
        (
            "quota: 5\n",
            "settings.yaml:1:8: quota: is a list of quotas; each begins with - name:",
        ),
        (
            "quota:\n  - name: a\n",
            "settings.yaml:2:5: quota.bytes: is missing",
        ),
        (
            "quota:\n  - {name: a, bytes: 5 apples}\n",
            "settings.yaml:2:22: quota.bytes: \"5 apples\" is not a size; write a whole number of \
             bytes, or one with a unit as in 10MB or 4MiB",
        ),
        (
            "quota:\n  - {name: a, bytes: 1, first_day: 32}\n",
            "settings.yaml:2:36: quota.first_day: \"32\" is not a number from 1 to 31",
        ),
        (
            "quota:\n  - {name: a, bytes: 1, scope: process}\n",
            "settings.yaml:2:32: quota.scope: \"process\" is not a scope; write total, host NAME or \
             process NAME",
        ),
        (
            "quota:\n  - {name: a, bytes: 1}\n  - {name: a, bytes: 2}\n",
            "settings.yaml:3:12: quota.name: is the name of another quota too",
        ),
        (
            "quota:\n  - {name: a, bytes: 1, direktion: up}\n",
            "settings.yaml:2:25: quota.direktion: unknown key; did you mean direction?",
        ),
    ];
    for (text, expected) in cases {
        assert_error(text, expected);
    }
}

#[test]
fn the_address_of_the_watchdog_is_never_shown() {
    let text = |url: &str| format!("notify:\n  healthcheck_url: '{url}'\n");
    let settings = settle(&text("https://hc.example/s3cret")).unwrap();
    assert!(settings.to_yaml().contains("healthcheck_url: \"********\""));
    assert!(!format!("{settings:?}").contains("s3cret"));
    for wrong in [
        "s3cret",
        "https://",
        "https://a b/s3cret",
        "https://hc.example/s3cret?x=1",
    ] {
        let error = settle(&text(wrong)).unwrap_err().to_string();
        assert!(!error.contains("s3cret"), "{error}");
        assert!(
            error.starts_with("settings.yaml:2:20: notify.healthcheck_url: "),
            "{error}"
        );
    }
}

#[test]
fn days_are_packed_after_two_unless_the_settings_say_otherwise() {
    let days = |text: &str| settle(text).unwrap().store.compact_after;
    assert_eq!(days(""), Some(2));
    assert_eq!(days("store: {compact_after: }"), Some(2));
    for (typed, expected) in [
        ("0", Some(0)),
        ("7", Some(7)),
        ("30d", Some(30)),
        ("never", None),
    ] {
        let text = format!("store: {{compact_after: {typed}}}");
        assert_eq!(days(&text), expected, "{typed}");
        let shown = settle(&text).unwrap().to_yaml();
        assert_eq!(
            settle(&shown).unwrap().store.compact_after,
            expected,
            "{shown}"
        );
    }
}
