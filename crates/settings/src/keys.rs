//! Every key there is, and the nearest one to a key there is not.

/// The sections with their keys; the first, nameless section is the top of the file.
pub(crate) const SECTIONS: &[(&str, &[&str])] = &[
    ("", &["version", "timezone", "host"]),
    (
        "paths",
        &[
            "log_dir",
            "report_dir",
            "archive_dir",
            "store_dir",
            "temp_dir",
        ],
    ),
    (
        "input",
        &[
            "mode",
            "loopback",
            "hosts",
            "resolution",
            "max_line_bytes",
            "max_expansion",
            "damaged_lines_threshold",
        ],
    ),
    (
        "collect",
        &[
            "bandwhich",
            "rotate",
            "args",
            "resolve_names",
            "show_dns",
            "pids",
            "interfaces",
            "capture_buffer",
            "routed_bridges",
            "sync_seconds",
        ],
    ),
    (
        "email",
        &[
            "enabled",
            "smtp_server",
            "smtp_port",
            "use_tls",
            "use_ssl",
            "ca_file",
            "username",
            "password",
            "password_file",
            "password_command",
            "allow_plaintext_auth",
            "from_addr",
            "to_addrs",
            "cc_addrs",
            "bcc_addrs",
            "when",
            "subject_prefix",
            "templates_dir",
            "attachments",
            "max_attachment_mb",
            "timeout",
        ],
    ),
    (
        "processing",
        &["max_workers", "chunk_size", "batch_size", "keep_temp_files"],
    ),
    (
        "reports",
        &[
            "format",
            "include_csv",
            "compress_reports",
            "generate_summary",
            "include_charts",
            "top_n",
            "max_connections",
            "retention_days",
        ],
    ),
    ("store", &["retention_days", "compact_after"]),
    (
        "archive",
        &[
            "enabled",
            "compress_format",
            "keep_original",
            "retention_days",
            "clean_old_archives",
            "settle_minutes",
        ],
    ),
    (
        "logging",
        &[
            "level",
            "file",
            "file_size",
            "backup_count",
            "enable_console",
            "enable_json",
        ],
    ),
    ("metrics", &["textfile"]),
    ("notify", &["healthcheck_url"]),
    (
        "analysis",
        &[
            "in_reports",
            "min_history_days",
            "min_score",
            "min_bytes",
            "min_ratio",
            "new_remote_bytes",
            "new_remote_ratio",
            "new_remote_critical_bytes",
            "max_p",
            "min_trend",
            "min_beacon_score",
            "min_recurring_days",
            "min_recurring_bytes",
            "month_begins",
            "committed_bps",
            "mutes",
        ],
    ),
];

/// The list of quotas, and the keys of each.
pub(crate) const QUOTA: &str = "quota";
/// The keys of a quota.
pub(crate) const QUOTA_KEYS: &[&str] = &["name", "bytes", "per", "first_day", "direction", "scope"];

/// The keys that take one value or a list.
pub(crate) const LISTS: &[&str] = &[
    "collect.args",
    "email.to_addrs",
    "email.cc_addrs",
    "email.bcc_addrs",
    "email.attachments",
    "reports.format",
    "analysis.mutes",
];

/// The keys of a section; `None` if there is no such section.
pub(crate) fn of_section(section: &str) -> Option<&'static [&'static str]> {
    if section == QUOTA {
        return Some(QUOTA_KEYS);
    }
    SECTIONS
        .iter()
        .find(|(name, _)| *name == section)
        .map(|(_, keys)| *keys)
}

/// The full name of a key, `section.key`.
pub(crate) fn full_name(section: &str, key: &str) -> String {
    if section.is_empty() {
        key.to_owned()
    } else {
        format!("{section}.{key}")
    }
}

/// Says that a key is unknown and which one was probably meant.
pub(crate) fn unknown(section: &str, key: &str) -> String {
    let typed = key.to_lowercase().replace('-', "_");
    let mut here: Vec<&str> = of_section(section).unwrap_or_default().to_vec();
    if section.is_empty() {
        here.extend(
            SECTIONS
                .iter()
                .map(|(name, _)| *name)
                .filter(|name| !name.is_empty()),
        );
        here.push(QUOTA);
    }
    let nearest = here
        .iter()
        .map(|known| (distance(&typed, known), *known))
        .min();
    if section.is_empty() && typed == QUOTA {
        return "is a list; it can be set only in the settings file".to_owned();
    }
    if section.is_empty() && of_section(&typed).is_some() {
        return "is a section; name one of its keys".to_owned();
    }
    if let Some((distance, known)) = nearest
        && distance <= known.len().max(6) / 3
    {
        return format!("unknown key; did you mean {known}?");
    }
    let elsewhere = SECTIONS
        .iter()
        .find(|(_, keys)| keys.contains(&typed.as_str()));
    match elsewhere {
        Some(("", _)) => "unknown key here; it belongs to the top of the file".to_owned(),
        Some((owner, _)) => format!("unknown key here; it belongs under {owner}"),
        None => format!("unknown key; known here: {}", here.join(", ")),
    }
}

/// The number of letters to insert, delete or replace (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for (index, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(diagonal + 1).min(row[index] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (from, to, expected) in [
            ("kitten", "sitting", 3),
            ("", "abc", 3),
            ("abc", "", 3),
            ("same", "same", 0),
        ] {
            assert_eq!(distance(from, to), expected);
        }
    }

    #[test]
    fn an_unknown_key_is_answered_with_the_likely_one() {
        let cases = [
            ("paths", "logdir", "unknown key; did you mean log_dir?"),
            ("paths", "Log-Dir", "unknown key; did you mean log_dir?"),
            ("", "time_zone", "unknown key; did you mean timezone?"),
            ("", "path", "unknown key; did you mean paths?"),
            (
                "paths",
                "smtp_server",
                "unknown key here; it belongs under email",
            ),
            (
                "email",
                "timezone",
                "unknown key here; it belongs to the top of the file",
            ),
            (
                "processing",
                "colour",
                "unknown key; known here: max_workers, chunk_size, batch_size, keep_temp_files",
            ),
        ];
        for (section, key, expected) in cases {
            assert_eq!(unknown(section, key), expected);
        }
    }
}
