//! What lies in a log folder and is not read, and how that is said.

use std::io::{self, Read as _};
use std::path::Path;

use files::{Discovery, Skipped};
use rawlog::{Line, parse_line};
use tracing::{debug, info, warn};

/// Bytes that are looked at of a file whose name is not a log's.
const LOOK: u64 = 8 << 10;
/// Sentences about what was passed over; of more, the number.
const SHOWN: usize = 5;

/// Says what was passed over, and warns of files that are logs by what they hold. Gives these; only the
/// beginning of at most [`files::OTHERS`] files is looked at.
pub(crate) fn tell(folder: &Path, discovery: &Discovery) -> Vec<String> {
    for skipped in &discovery.skipped {
        if !skipped.reason.needs_attention() {
            let path = files::show(&skipped.path);
            debug!("{path}: skipped: {}", skipped.reason);
        }
    }
    let mut unnamed = Vec::new();
    for other in &discovery.others {
        let path = files::show(other).to_string();
        match looks_like_a_log(other) {
            Ok(true) => {
                debug!(
                    "{path}: skipped: it holds output of bandwhich, but its name is not a log's"
                );
                unnamed.push(path);
            }
            Ok(false) => debug!("{path}: skipped: its name is not a log's"),
            Err(error) => debug!("{path}: skipped: {}", files::describe(&error)),
        }
    }
    let folder = files::show(folder);
    let more = discovery.others_count - discovery.others.len();
    let unseen = format!(
        "{} with other names than those of logs were not checked",
        display::counted(more as u64, "more file", "more files")
    );
    if let Some(first) = unnamed.first() {
        let files = display::counted(unnamed.len() as u64, "file", "files");
        let hold = if unnamed.len() == 1 { "holds" } else { "hold" };
        let also = match more {
            0 => String::new(),
            _ => format!("; {unseen}"),
        };
        warn!(
            "{files} in {folder} {hold} output of bandwhich, skipped because of the name; the \
             first: {first}{also}; hint: name them *.log (also *.log.1, *.log-20260131, with .gz or .zst), \
             or run `network-monitor ingest FILE`"
        );
    } else if more > 0 {
        info!("{folder}: {unseen}");
    }
    unnamed
}

/// What was passed over and needs a person, in sentences.
pub fn sentences(skipped: &[Skipped]) -> Vec<String> {
    let needed = || {
        skipped
            .iter()
            .filter(|skipped| skipped.reason.needs_attention())
    };
    let mut sentences: Vec<String> = needed().take(SHOWN).map(Skipped::to_string).collect();
    let more = needed().count().saturating_sub(SHOWN);
    if more > 0 {
        sentences.push(format!(
            "{} in the log folder were skipped; `network-monitor ingest -v` names them",
            display::counted(more as u64, "more thing", "more things")
        ));
    }
    sentences
}

/// Whether a file begins with what bandwhich prints.
fn looks_like_a_log(path: &Path) -> io::Result<bool> {
    let open = files::open_log(path).map_err(io::Error::other)?;
    let mut head = Vec::new();
    // What cannot be unpacked further may have begun well.
    let outcome = open.take(LOOK).read_to_end(&mut head);
    if head.is_empty() {
        outcome?;
    }
    let lines = || head.split(|&byte| byte == b'\n').map(parse_line);
    let has_row = lines().any(|line| matches!(line, Line::Row(_)));
    let has_idle_frame = || {
        lines().any(|line| line == Line::Refreshing) && lines().any(|line| line == Line::NoTraffic)
    };
    Ok(has_row || has_idle_frame())
}
