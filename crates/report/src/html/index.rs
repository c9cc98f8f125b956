//! `index.html` over a folder of pages: a row a day, newest first, and one for each host that has a folder of its
//! own.

use std::fmt::Write as _;

use analysis::Severity;
use jiff::civil::Date;
use serde::Serialize;

use super::page_head::PageHead;
use super::quantities::{bytes, count, counted, percent};
use super::{HtmlError, render};
use crate::charts;

const TEMPLATE: &str = include_str!("../../templates/index.html");
const STYLE: &str = include_str!("../../templates/index.css");
/// What tells an index from whatever else has its name.
const MARK: &str = "<meta name=\"generator\" content=\"network-monitor index\">";
/// Months that stand open.
const OPEN_MONTHS: usize = 2;

/// An index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    /// Whose pages these are. `None` over the folders of several hosts.
    pub host: Option<String>,
    /// The pages of this folder, in any order.
    pub pages: Vec<IndexedPage>,
    /// Pages that are left out because there are too many.
    pub left_out: usize,
    /// The hosts that have a folder of their own.
    pub hosts: Vec<IndexedHost>,
}

/// A page of an index.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedPage {
    /// Name of its file.
    pub file: String,
    /// What it says at its head.
    pub head: PageHead,
}

/// A host with a folder of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexedHost {
    /// Its name.
    pub host: String,
    /// Name of its folder.
    pub folder: String,
    /// Its newest day. `None` if there is no page of a day.
    pub newest: Option<PageHead>,
    /// How many pages it has.
    pub pages: usize,
}

impl Index {
    /// The index as a page. The same pages give the same bytes.
    ///
    /// # Errors
    /// If the template is at fault.
    pub fn to_html(&self) -> Result<String, HtmlError> {
        let style = format!("{}\n{STYLE}", super::STYLE);
        render("index.html", TEMPLATE, &style, &View::new(self))
    }

    /// Whether a page is an index of this program, by its first 16 kB.
    pub fn is_index(page: &str) -> bool {
        page.contains(MARK)
    }
}

#[derive(Serialize)]
struct View {
    mark: &'static str,
    title: String,
    newest: Option<Row>,
    months: Vec<Month>,
    periods: Vec<Row>,
    left_out: Option<String>,
    hosts: Vec<Host>,
}

#[derive(Serialize)]
struct Month {
    name: String,
    is_open: bool,
    /// Days, volumes and findings.
    sums: String,
    days: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    link: String,
    name: String,
    received: String,
    sent: String,
    bar: String,
    recorded: String,
    partial: bool,
    severity: &'static str,
    finding: String,
    more: Option<String>,
}

#[derive(Serialize)]
struct Host {
    link: String,
    name: String,
    pages: String,
    newest: Option<Row>,
}

impl View {
    fn new(index: &Index) -> Self {
        let mut pages: Vec<&IndexedPage> = index.pages.iter().collect();
        pages.sort_by(|one, other| {
            let key = |page: &IndexedPage| (page.head.start.as_second(), page.head.end.as_second());
            key(other)
                .cmp(&key(one))
                .then_with(|| one.file.cmp(&other.file))
        });
        let (days, periods): (Vec<&IndexedPage>, Vec<&IndexedPage>) =
            pages.into_iter().partition(|page| is_day(&page.head));
        let months = days.chunk_by(|one, other| month_of(&one.head) == month_of(&other.head));
        let months: Vec<Month> = (months.enumerate())
            .map(|(place, days)| month(days, place < OPEN_MONTHS))
            .collect();
        let host = index.host.as_deref();
        let row = |page: &&IndexedPage| row(&page.head, link(&[&page.file]), None);
        View {
            mark: MARK,
            title: host.map_or("Network traffic of all hosts".to_owned(), |host| {
                format!("Network traffic of {}", display::cut(host, 64, "…"))
            }),
            newest: days.first().map(row),
            months,
            periods: periods.iter().map(row).collect(),
            left_out: (index.left_out > 0).then(|| counted(index.left_out as u64, "page")),
            hosts: index.hosts.iter().map(self::host).collect(),
        }
    }
}

fn host(host: &IndexedHost) -> Host {
    let newest = host.newest.as_ref();
    Host {
        link: link(&[&host.folder, "index.html"]),
        name: display::cut(&host.host, 64, "…"),
        pages: counted(host.pages as u64, "report"),
        newest: newest.map(|head| row(head, String::new(), None)),
    }
}

/// A month, and what its days come to.
fn month(days: &[&IndexedPage], is_open: bool) -> Month {
    let heads = || days.iter().map(|page| &page.head);
    let sum = |of: fn(&PageHead) -> u64| heads().map(of).fold(0, u64::saturating_add);
    let total = |head: &PageHead| head.download_bytes.saturating_add(head.upload_bytes);
    let most = heads().map(total).max().unwrap_or(0);
    let mut sums = format!(
        "{}, {} down, {} up",
        counted(days.len() as u64, "day"),
        bytes(sum(|head| head.download_bytes)),
        bytes(sum(|head| head.upload_bytes)),
    );
    for (severity, what) in [
        (Severity::Critical, "critical day"),
        (Severity::Warning, "day with warnings"),
    ] {
        let of = |head: &&PageHead| {
            head.worst
                .as_ref()
                .is_some_and(|one| one.severity == severity)
        };
        match heads().filter(of).count() as u64 {
            0 => {}
            1 => write!(sums, ", 1 {what}").expect("a String takes any text"),
            many => {
                let what = what.replacen("day", "days", 1);
                write!(sums, ", {} {what}", count(many)).expect("a String takes any text");
            }
        }
    }
    let first = heads().next().map(|head| head.start.civil());
    Month {
        name: first.map_or_else(String::new, |at| at.strftime("%B %Y").to_string()),
        is_open,
        sums,
        days: (days.iter())
            .map(|page| row(&page.head, link(&[&page.file]), is_open.then_some(most)))
            .collect(),
    }
}

/// A row; with a bar if it is told how many bytes fill one.
fn row(head: &PageHead, link: String, most: Option<u64>) -> Row {
    let total = head.download_bytes.saturating_add(head.upload_bytes);
    let bar = most.filter(|most| *most > 0 && total > 0).map(|most| {
        charts::bar(
            total as f64 / most as f64,
            head.download_bytes,
            head.upload_bytes,
        )
    });
    let (severity, finding) = match &head.worst {
        Some(worst) => {
            let word = match worst.severity {
                Severity::Critical => "critical",
                Severity::Warning => "warning",
                Severity::Info => "info",
            };
            (word, display::cut(&worst.sentence, 160, "…"))
        }
        None => ("", String::new()),
    };
    let more = head
        .findings
        .saturating_sub(u64::from(head.worst.is_some()));
    Row {
        link,
        name: name(head),
        received: bytes(head.download_bytes),
        sent: bytes(head.upload_bytes),
        bar: bar.unwrap_or_default(),
        recorded: percent(head.coverage),
        partial: head.partial,
        severity,
        finding,
        more: match (more, head.worst.is_some()) {
            (0, _) => None,
            (more, true) => Some(format!("and {} more", count(more))),
            (more, false) => Some(counted(more, "finding")),
        },
    }
}

/// The days that a period holds: `Fri 27 Nov`, `Mon 23 – Sun 29 Nov`.
fn name(head: &PageHead) -> String {
    let first = head.start.civil();
    if is_day(head) {
        return first.strftime("%a %-d %b").to_string();
    }
    let last = last_day(head);
    let format = if first.year() == last.year() {
        "%-d %b"
    } else {
        "%-d %b %Y"
    };
    format!(
        "{} – {}",
        first.strftime(format),
        last.strftime("%-d %b %Y")
    )
}

fn last_day(head: &PageHead) -> Date {
    // The end belongs to the next day; a minute before it is the last.
    head.end.earlier(60).civil().date()
}

fn is_day(head: &PageHead) -> bool {
    head.start.civil().date() == last_day(head)
}

fn month_of(head: &PageHead) -> (i16, i8) {
    let at = head.start.civil();
    (at.year(), at.month())
}

/// Names of folders and a file as a relative link.
fn link(names: &[&str]) -> String {
    let mut link = String::new();
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            link.push('/');
        }
        for byte in name.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                link.push(char::from(byte));
            } else {
                write!(link, "%{byte:02X}").expect("a String takes any text");
            }
        }
    }
    link
}

#[cfg(test)]
mod tests {
    use super::link;

    #[test]
    fn names_are_links_to_themselves_whatever_they_hold() {
        assert_eq!(link(&["report_20261127.html"]), "report_20261127.html");
        assert_eq!(link(&["a%2Fb", "index.html"]), "a%252Fb/index.html");
        assert_eq!(link(&["\"><script>"]), "%22%3E%3Cscript%3E");
        assert_eq!(link(&["javascript:alert(1)"]), "javascript%3Aalert%281%29");
    }
}
