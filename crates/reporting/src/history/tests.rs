use std::collections::BTreeSet;
use std::fs;

use super::*;
use crate::host_counts::HostCounts;
use crate::tests::{DAY_SECONDS, Lab, START, hosts, log, log_of};

fn wanted<'a>(lab: &'a Lab, host: &'a str) -> HistoryRequest<'a> {
    HistoryRequest {
        host,
        judged: START..START + DAY_SECONDS,
        zone: &lab.settings.time_zone,
        loopback: false,
        resolution: 60,
        month: START,
    }
}

/// The history of a host on the day, with the counts of the other hosts.
fn counted(lab: &Lab, host: &str, counts: &mut HostCounts) -> History {
    let (wanted, store) = (wanted(lab, host), lab.reader());
    let mut history = read(&store, &wanted).unwrap();
    counts.add(&store, &wanted, &mut history).unwrap();
    history
}

fn count(history: &History, subject: &Subject) -> u32 {
    let met = history.met.iter().find(|met| met.subject == *subject);
    met.unwrap().other_hosts
}

fn process(name: &str) -> Subject {
    Subject::Process(name.to_owned())
}

#[test]
fn a_process_that_twenty_other_hosts_met_is_counted_for_each() {
    let mut lab = Lab::new("");
    lab.ingest_all(&hosts(20), &log(START - 3 * DAY_SECONDS, "backup"));
    lab.ingest("web1", &log(START - 20 * DAY_SECONDS, "curl"));
    lab.ingest("web1", &log(START, "backup"));
    let history = counted(&lab, "web1", &mut HostCounts::default());
    assert_eq!(count(&history, &process("backup")), 20);
}

/// Some hosts met some names, at some time of the eight weeks or long before.
#[test]
fn the_counts_are_those_of_looking_at_every_other_host_again() {
    let mut lab = Lab::new("");
    let hosts = hosts(5);
    lab.ingest_all(&hosts, &log(START - 80 * DAY_SECONDS, "forgotten"));
    for (number, host) in hosts.iter().enumerate() {
        let days_ago = 10 * number as i64;
        let mut text = log(START - days_ago * DAY_SECONDS + 7_200, "shared");
        for name in 0..=number {
            text += &log_of(
                START + 60 * name as i64,
                2,
                &format!("p{name}"),
                "192.0.2.9",
            );
        }
        text += &log(START + 3_600, "forgotten");
        lab.ingest(host, &text);
    }
    let store = lab.reader();
    let names = |host: &str| {
        let weeks = START - LOOK_BACK * DAY_SECONDS..START + DAY_SECONDS;
        let mut names = BTreeSet::new();
        for (_, digest) in store.digests(host, weeks, false).unwrap() {
            names.extend(digest.processes.into_keys().map(Subject::Process));
            names.extend(digest.remotes.into_keys().map(Subject::Remote));
            names.extend(digest.ports.into_keys().map(Subject::Port));
        }
        names
    };
    let mut counts = HostCounts::default();
    for host in &hosts {
        let history = counted(&lab, host, &mut counts);
        assert!(!history.met.is_empty());
        for met in &history.met {
            let others = hosts.iter().filter(|other| *other != host);
            let met_it = others.filter(|other| names(other).contains(&met.subject));
            assert_eq!(met.other_hosts as usize, met_it.count(), "{host}: {met:?}");
        }
    }
}

#[test]
fn the_hosts_are_read_once_for_all_reports_of_a_day() {
    let mut lab = Lab::new("");
    lab.ingest_all(&hosts(3), &log(START, "backup"));
    let mut counts = HostCounts::default();
    let others = |lab: &Lab, host: &str, counts: &mut HostCounts| {
        count(&counted(lab, host, counts), &process("backup"))
    };
    assert_eq!(others(&lab, "host0", &mut counts), 2);
    // Nobody adds to the history during a run. Here it shows that nothing is read again.
    lab.ingest("late", &log(START, "backup"));
    assert_eq!(others(&lab, "host1", &mut counts), 2);
    assert_eq!(others(&lab, "host1", &mut HostCounts::default()), 3);
}

#[test]
fn a_host_with_very_many_names_takes_no_other_hosts_place() {
    let mut lab = Lab::new("");
    let crowd: String = (0..50)
        .map(|name| {
            log_of(
                START + name,
                1,
                &format!("p{name}"),
                &format!("192.0.2.{name}"),
            )
        })
        .collect();
    lab.ingest("crowd", &crowd);
    lab.ingest_all(&hosts(3), &log(START, "backup"));
    let mut counts = HostCounts::with_room(4 * 3, 1);
    let history = counted(&lab, "host0", &mut counts);
    assert_eq!(count(&history, &process("backup")), 2);
    // Windows beyond what is kept are forgotten, the oldest first.
    let mut later = wanted(&lab, "host0");
    later.judged = START + DAY_SECONDS..START + 2 * DAY_SECONDS;
    let store = lab.reader();
    let mut history = read(&store, &wanted(&lab, "host0")).unwrap();
    counts.add(&store, &later, &mut history).unwrap();
    assert_eq!(counts.windows(), 1);
}

#[test]
fn a_process_and_a_port_of_the_same_name_are_two() {
    let mut lab = Lab::new("");
    lab.ingest("web2", &log(START, "tcp/443"));
    lab.ingest("web1", &log_of(START, 3, "curl", "tcp/443"));
    let history = counted(&lab, "web1", &mut HostCounts::default());
    assert_eq!(count(&history, &Subject::Remote("tcp/443".to_owned())), 0);
    assert_eq!(count(&history, &Subject::Port("tcp/443".to_owned())), 1);
}

#[test]
fn a_damaged_file_of_a_host_takes_nothing_from_the_others() {
    let mut lab = Lab::new("");
    lab.ingest_all(&hosts(3), &log(START, "backup"));
    let damaged = lab.segments().into_iter();
    for path in damaged.filter(|path| path.to_string_lossy().contains("host2")) {
        fs::write(path, "spoilt").unwrap();
    }
    let history = counted(&lab, "host0", &mut HostCounts::default());
    assert_eq!(count(&history, &process("backup")), 1);
}
