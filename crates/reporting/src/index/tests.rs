use std::fs;
use std::path::Path;

use jiff::ToSpan as _;
use jiff::civil::date;

use super::*;
use crate::tests::{Lab, NOW, START, day, log};
use crate::{Reporter, Target};

const HTML: &str = "reports: {format: html, include_csv: false, compress_reports: false, generate_summary: false}\n";

/// Publishes the first two days of the history.
fn two_days(more: &str) -> Lab {
    let mut lab = Lab::new(&format!("{HTML}{more}"));
    lab.ingest("web1", &log(START, "curl"));
    lab.ingest("web1", &log(START + 86_400, "curl"));
    for after in [0, 1] {
        publish(&lab, "web1", after);
    }
    lab
}

fn publish(lab: &Lab, host: &str, after: i64) {
    let target = Target::of(&lab.settings, host, false);
    let mut reporter = Reporter::new(&lab.settings, NOW + 3 * 86_400);
    let published = reporter.publish(&lab.store, host, day(after), &target);
    assert_eq!(published.unwrap().files.len(), 1);
}

fn index(lab: &Lab, hosts: &[&str]) -> Vec<String> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let root = &lab.settings.paths.report_dir;
    let written = write_indexes(&lab.settings, &hosts).unwrap();
    let names = written.iter().map(|path| path.strip_prefix(root).unwrap());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

fn text(lab: &Lab, name: &str) -> String {
    fs::read_to_string(lab.settings.paths.report_dir.join(name)).unwrap()
}

/// The links of a page to files, in order.
fn links(page: &str) -> Vec<&str> {
    let rows = page.split("<th scope=\"row\"><a href=\"").skip(1);
    rows.map(|rest| rest.split_once('"').unwrap().0).collect()
}

#[test]
fn a_day_has_a_row_newest_first_that_links_to_its_page() {
    let lab = two_days("");
    assert_eq!(index(&lab, &["web1"]), ["index.html"]);
    let page = text(&lab, "index.html");
    assert_eq!(
        links(&page),
        ["report_20261123.html", "report_20261122.html"]
    );
    assert!(
        page.contains("Sun 22 Nov") && page.contains("November 2026"),
        "{page}"
    );
    assert!(
        page.contains("3.0 kB".replace(' ', "\u{a0}").as_str()),
        "{page}"
    );
}

#[test]
fn it_is_written_only_if_it_changes() {
    let lab = two_days("");
    assert_eq!(index(&lab, &["web1"]), ["index.html"]);
    assert!(index(&lab, &["web1"]).is_empty());
    fs::remove_file(lab.settings.paths.report_dir.join("report_20261122.html")).unwrap();
    assert_eq!(index(&lab, &["web1"]), ["index.html"]);
    assert_eq!(links(&text(&lab, "index.html")), ["report_20261123.html"]);
}

#[test]
fn what_is_no_page_of_this_program_is_passed_over() {
    let lab = two_days("");
    let folder = &lab.settings.paths.report_dir;
    fs::write(
        folder.join("report_20261101.html"),
        "<!doctype html>somebody's",
    )
    .unwrap();
    fs::write(folder.join("report_20261102.html"), [0xff, 0, b'<']).unwrap();
    fs::write(
        folder.join("report_of_ours.html"),
        text(&lab, "report_20261122.html"),
    )
    .unwrap();
    fs::create_dir(folder.join("report_20261103.html")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/dev/zero", folder.join("report_20261104.html")).unwrap();
    index(&lab, &["web1"]);
    let page = text(&lab, "index.html");
    assert_eq!(
        links(&page),
        ["report_20261123.html", "report_20261122.html"]
    );
}

#[test]
fn an_index_of_somebody_else_stays() {
    let lab = two_days("");
    let path = lab.settings.paths.report_dir.join("index.html");
    fs::write(&path, "my own").unwrap();
    assert!(index(&lab, &["web1"]).is_empty());
    assert_eq!(text(&lab, "index.html"), "my own");
}

#[cfg(unix)]
#[test]
fn what_root_writes_belongs_to_the_owner_of_the_folder() {
    use std::os::unix::fs::{MetadataExt as _, chown};
    let lab = two_days("");
    let folder = &lab.settings.paths.report_dir;
    // Nobody else may give files away.
    let is_root = chown(folder, Some(12_345), Some(12_346)).is_ok();
    index(&lab, &["web1"]);
    let found = fs::metadata(folder.join("index.html")).unwrap();
    let of_folder = fs::metadata(folder).unwrap();
    assert_eq!(
        (found.uid(), found.gid()),
        (of_folder.uid(), of_folder.gid())
    );
    assert!(!is_root || found.uid() == 12_345);
}

#[test]
fn a_folder_without_pages_gets_none() {
    let lab = Lab::new(HTML);
    assert!(index(&lab, &["web1"]).is_empty());
    assert!(!has_index(&lab.settings));
}

#[test]
fn each_host_with_a_folder_of_its_own_has_an_index_and_a_row() {
    let mut lab = Lab::new(&format!("{HTML}input: {{hosts: directories}}\n"));
    let hosts = ["web1", "a/b \u{202e}x"];
    for host in hosts {
        lab.ingest(host, &log(START, "curl"));
        publish(&lab, host, 0);
    }
    let folder = store::folder_name(hosts[1]);
    let written = index(&lab, &["web1", hosts[1], "silent"]);
    assert_eq!(
        written,
        [
            "web1/index.html",
            &format!("{folder}/index.html"),
            "index.html"
        ]
    );
    let page = text(&lab, "index.html");
    // The folder's name has a percent sign for what no name may hold, and a link one for that.
    let links = links(&page).join(" ").replace("&#x2f;", "/");
    assert_eq!(
        links,
        "web1/index.html a%252Fb%20%25E2%2580%25AEx/index.html"
    );
    assert!(!page.contains('\u{202e}'));
}

#[test]
fn the_index_of_3000_days_is_bounded() {
    let lab = two_days("");
    let folder = lab.settings.paths.report_dir.clone();
    let page = text(&lab, "report_20261122.html");
    let sentence =
        "rsync sent 1.98 GB to 185.220.101.47, 02:34–03:14; usual for these hours: 62 MB";
    let worst = format!("\"worst\":{{\"severity\":\"critical\",\"sentence\":\"{sentence}\"}}");
    let page = page.replacen("\"worst\":null", &worst, 1);
    for back in 1..=3_000 {
        let date = date(2026, 11, 22).checked_sub(back.days()).unwrap();
        let page = page.replace("2026-11-22T", &format!("{date}T"));
        let page = page.replace("2026-11-23T", &format!("{}T", date.tomorrow().unwrap()));
        let name = format!("report_{}.html", date.strftime("%Y%m%d"));
        fs::write(folder.join(name), &page[..8_000]).unwrap();
    }
    index(&lab, &["web1"]);
    let index = text(&lab, "index.html");
    assert_eq!(links(&index).len(), 3_002);
    assert!(index.len() < 1_500_000, "{} bytes", index.len());
    assert!(index.contains("critical day"));
}

#[test]
fn the_pages_beyond_the_bound_are_counted() {
    let lab = two_days("");
    let folder = lab.settings.paths.report_dir.clone();
    let head = text(&lab, "report_20261122.html")[..4_000].to_owned();
    for number in 0..MOST_PAGES {
        fs::write(folder.join(format!("report_{number:08}.html")), &head).unwrap();
    }
    let index = read(Path::new(&folder), None).unwrap();
    assert_eq!((index.pages.len(), index.left_out), (MOST_PAGES, 2));
    assert!(index.to_html().unwrap().contains("2 pages of earlier days"));
}
