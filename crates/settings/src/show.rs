//! Writes settings as YAML that reads back as the same settings.

use std::fmt::Write;
use std::path::Path;

use analysis::{Direction, Per, QuotaScope};
use display::is_deceptive;
use mail::Address;

use super::email::{Encryption, PasswordSource};
use super::settings::{Settings, VERSION};
use super::values::show_size;
use super::words::Word;

/// What stands for a password.
pub(crate) const MASK: &str = "********";

impl Settings {
    /// Writes the settings as YAML that reads back as the same settings, passwords masked.
    pub fn to_yaml(&self) -> String {
        to_yaml(self)
    }
}

/// Writes every key with its value in force.
fn to_yaml(settings: &Settings) -> String {
    let mut page = Page(String::new());
    page.top(settings);
    page.paths(settings);
    page.input(settings);
    page.collect(settings);
    page.email(settings);
    page.processing(settings);
    page.reports(settings);
    page.store(settings);
    page.archive(settings);
    page.logging(settings);
    page.outward(settings);
    page.analysis(settings);
    page.quotas(settings);
    page.0
}

struct Page(String);

impl Page {
    fn section(&mut self, name: &str) {
        self.0.push_str(&format!("\n{name}:\n"));
    }

    /// A line whose value needs no quotes.
    fn plain(&mut self, key: &str, value: impl std::fmt::Display) {
        writeln!(self.0, "  {key}: {value}").expect("a String takes any text");
    }

    fn text(&mut self, key: &str, value: Option<&str>) {
        match value {
            Some(value) => self.plain(key, scalar(value)),
            None => writeln!(self.0, "  {key}:").expect("a String takes any text"),
        }
    }

    fn path(&mut self, key: &str, value: Option<&Path>) {
        // In a path `${` begins a variable; a folder that is really named so cannot be written.
        self.text(key, value.map(|path| path.to_string_lossy()).as_deref());
    }

    fn addresses(&mut self, key: &str, addresses: &[Address]) {
        let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        self.list(key, shown.iter().map(String::as_str));
    }

    fn list<'a>(&mut self, key: &str, values: impl IntoIterator<Item = &'a str>) {
        let values: Vec<String> = values.into_iter().map(scalar).collect();
        self.plain(key, format!("[{}]", values.join(", ")));
    }

    fn top(&mut self, settings: &Settings) {
        let (zone, host) = (scalar(&settings.time_zone_name), scalar(&settings.host));
        self.0.push_str(&format!(
            "version: \"{VERSION}\"\ntimezone: {zone}\nhost: {host}\n"
        ));
    }

    fn paths(&mut self, settings: &Settings) {
        let paths = &settings.paths;
        self.section("paths");
        self.path("log_dir", Some(&paths.log_dir));
        self.path("report_dir", Some(&paths.report_dir));
        self.path("archive_dir", Some(&paths.archive_dir));
        self.path("store_dir", Some(&paths.store_dir));
        self.path("temp_dir", paths.temp_dir.as_deref());
    }

    fn input(&mut self, settings: &Settings) {
        let input = &settings.input;
        self.section("input");
        self.plain("mode", input.mode.word());
        self.plain("loopback", input.loopback.word());
        self.plain("hosts", input.hosts.word());
        self.plain("resolution", format!("{}s", input.resolution.as_secs()));
        self.plain("max_line_bytes", input.max_line_bytes);
        self.plain("max_expansion", input.max_expansion);
        self.plain("damaged_lines_threshold", input.damaged_lines_threshold);
    }

    fn collect(&mut self, settings: &Settings) {
        let collect = &settings.collect;
        self.section("collect");
        self.path("bandwhich", Some(&collect.bandwhich));
        self.plain("rotate", collect.rotate.word());
        self.list("args", collect.args.iter().map(String::as_str));
        self.plain("resolve_names", collect.resolve_names);
        self.plain("show_dns", collect.show_dns);
        self.plain("pids", collect.pids);
        self.plain("interfaces", collect.interfaces);
        self.plain("capture_buffer", show_size(collect.capture_buffer));
        self.plain("routed_bridges", collect.routed_bridges.word());
        self.plain("sync_seconds", collect.sync_seconds);
    }

    fn email(&mut self, settings: &Settings) {
        let email = &settings.email;
        let (password, file, command) = match &email.password {
            // A credential comes with the service, and goes with it.
            None | Some(PasswordSource::Credential(_)) => (None, None, None),
            Some(PasswordSource::Given(_)) => (Some(MASK), None, None),
            Some(PasswordSource::File(path)) => (None, Some(path.as_path()), None),
            Some(PasswordSource::Command(command)) => (None, None, Some(command.as_str())),
        };
        self.section("email");
        self.plain("enabled", email.enabled);
        self.text("smtp_server", email.smtp_server.as_deref());
        self.plain("smtp_port", email.smtp_port);
        self.plain("use_tls", email.encryption == Encryption::StartTls);
        self.plain("use_ssl", email.encryption == Encryption::Tls);
        self.path("ca_file", email.ca_file.as_deref());
        self.text("username", email.username.as_deref());
        self.text("password", password);
        self.path("password_file", file);
        self.text("password_command", command);
        self.plain("allow_plaintext_auth", email.allow_plaintext_auth);
        let from = email.from_addr.as_ref().map(ToString::to_string);
        self.text("from_addr", from.as_deref());
        self.addresses("to_addrs", &email.to_addrs);
        self.addresses("cc_addrs", &email.cc_addrs);
        self.addresses("bcc_addrs", &email.bcc_addrs);
        self.plain("when", email.when.word());
        let prefix = Some(email.subject_prefix.as_str()).filter(|prefix| !prefix.is_empty());
        self.text("subject_prefix", prefix);
        self.path("templates_dir", Some(&email.templates_dir));
        self.list(
            "attachments",
            email.attachments.iter().map(|format| format.word()),
        );
        self.plain("max_attachment_mb", email.max_attachment_mb);
        self.plain("timeout", format!("{}s", email.timeout.as_secs()));
    }

    fn processing(&mut self, settings: &Settings) {
        let processing = &settings.processing;
        self.section("processing");
        self.plain("max_workers", processing.max_workers);
        self.plain("chunk_size", show_size(processing.chunk_size as u64));
        self.plain("batch_size", processing.batch_size);
        self.plain("keep_temp_files", processing.keep_temp_files);
    }

    fn reports(&mut self, settings: &Settings) {
        let reports = &settings.reports;
        self.section("reports");
        self.list("format", reports.formats.iter().map(|format| format.word()));
        self.plain("include_csv", reports.include_csv);
        self.plain("compress_reports", reports.compress_reports);
        self.plain("generate_summary", reports.generate_summary);
        self.plain("include_charts", reports.include_charts);
        self.plain("top_n", reports.top_n);
        self.plain("max_connections", reports.max_connections);
        self.retention_days(reports.retention_days);
    }

    fn store(&mut self, settings: &Settings) {
        self.section("store");
        self.retention_days(settings.store.retention_days);
        match settings.store.compact_after {
            Some(days) => self.plain("compact_after", days),
            None => self.plain("compact_after", "never"),
        }
    }

    fn retention_days(&mut self, days: Option<u32>) {
        match days {
            Some(days) => self.plain("retention_days", days),
            None => self.text("retention_days", None),
        }
    }

    fn archive(&mut self, settings: &Settings) {
        let archive = &settings.archive;
        self.section("archive");
        self.plain("enabled", archive.enabled);
        self.plain("compress_format", archive.compress_format.word());
        self.plain("keep_original", archive.keep_original);
        self.plain("retention_days", archive.retention_days);
        self.plain("clean_old_archives", archive.clean_old_archives);
        self.plain("settle_minutes", archive.settle_minutes);
    }

    fn logging(&mut self, settings: &Settings) {
        let logging = &settings.logging;
        self.section("logging");
        self.plain("level", logging.level.word());
        self.path("file", logging.file.as_deref());
        self.plain("file_size", show_size(logging.file_size));
        self.plain("backup_count", logging.backup_count);
        self.plain("enable_console", logging.enable_console);
        self.plain("enable_json", logging.enable_json);
    }

    fn outward(&mut self, settings: &Settings) {
        self.section("metrics");
        self.path("textfile", settings.metrics_textfile.as_deref());
        self.section("notify");
        let url = settings.notify.healthcheck_url.as_ref();
        self.text("healthcheck_url", url.map(|_| MASK));
    }

    fn analysis(&mut self, settings: &Settings) {
        let thresholds = &settings.analysis.thresholds;
        self.section("analysis");
        self.plain("in_reports", settings.analysis.in_reports);
        self.plain("min_history_days", thresholds.min_history_days);
        self.plain("min_score", thresholds.min_score);
        self.plain("min_bytes", show_size(thresholds.min_bytes));
        self.plain("min_ratio", thresholds.min_ratio);
        let bytes = show_size(thresholds.new_remote_bytes);
        self.plain("new_remote_bytes", bytes);
        self.plain("new_remote_ratio", thresholds.new_remote_ratio);
        let bytes = show_size(thresholds.new_remote_critical_bytes);
        self.plain("new_remote_critical_bytes", bytes);
        self.plain("max_p", thresholds.max_p);
        self.plain("min_trend", thresholds.min_trend);
        self.plain("min_beacon_score", thresholds.min_beacon_score);
        self.plain("min_recurring_days", thresholds.min_recurring_days);
        let bytes = show_size(thresholds.min_recurring_bytes);
        self.plain("min_recurring_bytes", bytes);
        self.plain("month_begins", thresholds.month_begins);
        let committed = thresholds.committed_bps.map(show_size);
        self.text("committed_bps", committed.as_deref());
        let mutes = settings.analysis.mutes.iter().map(ToString::to_string);
        let mutes: Vec<String> = mutes.collect();
        self.list("mutes", mutes.iter().map(String::as_str));
    }

    fn quotas(&mut self, settings: &Settings) {
        if settings.quotas.is_empty() {
            self.0.push_str("\nquota: []\n");
            return;
        }
        self.section("quota");
        for quota in &settings.quotas {
            self.plain("- name", scalar(&quota.name));
            self.plain("  bytes", show_size(quota.bytes));
            match quota.per {
                Per::Day => self.plain("  per", "day"),
                Per::Month => {
                    self.plain("  per", "month");
                    self.plain("  first_day", quota.first_day);
                }
            }
            let direction = match quota.direction {
                None => "both",
                Some(Direction::Up) => "up",
                Some(Direction::Down) => "down",
            };
            self.plain("  direction", direction);
            let scope = match &quota.scope {
                QuotaScope::Total => "total".to_owned(),
                QuotaScope::Host(name) => format!("host {name}"),
                QuotaScope::Process(name) => format!("process {name}"),
            };
            self.plain("  scope", scalar(&scope));
        }
    }
}

/// Writes a text as a YAML scalar, between double quotes unless it is plainly a word or a path.
fn scalar(text: &str) -> String {
    let is_word =
        |character: char| character.is_ascii_alphanumeric() || "/._-@".contains(character);
    let is_keyword = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let begins_well = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/');
    if begins_well && text.chars().all(is_word) && !is_keyword.contains(&&*text.to_lowercase()) {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            _ if is_deceptive(character) => {
                // All of these lie in the basic plane, so four digits do.
                quoted.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
