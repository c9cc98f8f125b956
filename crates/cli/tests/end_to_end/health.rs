//! What others see of the program: status, metrics, pings.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::lab::{Lab, assert_valid, recording, schema};

const LOG: &str = "bandwhich_20201122_0843.log";

#[test]
fn the_status_keeps_to_its_schema_from_nothing_to_a_full_store() {
    let lab = Lab::with("timezone: UTC\nquota: [{name: all, bytes: 1GB}]\n");
    let schema = schema("status.schema.json");
    let empty = lab.run(&["status", "--json"]).done().json();
    assert_valid(&schema, &empty);
    assert_eq!(
        (&empty["store"], &empty["last_run"]),
        (&json!(null), &json!(null))
    );
    lab.put(LOG, &recording(LOG));
    lab.report(&[]);
    let full = lab.run(&["status", "--json"]).done().json();
    assert_valid(&schema, &full);
    assert_eq!(full["last_run"]["command"], "report");
    assert_eq!(full["last_run"]["exit_code"], 0);
    assert!(full["store_bytes"].as_u64().unwrap() > 0);
    assert_eq!(full["coverage"][0]["days"].as_array().unwrap().len(), 7);
    assert_eq!(full["quotas"][0]["name"], "all");
    assert_eq!(full["lock"], json!(null));
    assert_eq!(full["attention"], json!([]));
}

#[test]
fn what_ingest_prints_keeps_to_its_schema() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    lab.put("garbage.log", b"no log at all\n");
    let ran = lab.run(&["ingest", "--json"]);
    assert_eq!(ran.code, 3);
    assert_valid(&schema("ingest.schema.json"), &ran.json());
    assert_eq!(ran.json()["unreadable"].as_array().unwrap().len(), 1);
}

/// Somebody names the wrong file, once.
#[test]
fn a_file_that_is_no_log_is_said_once_and_forgotten() {
    let lab = Lab::new();
    fs::write(lab.path("notes.txt"), "milk\nbread\n").unwrap();
    let ran = lab.run(&["ingest", "notes.txt"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.complained.contains("not a bandwhich log"), "{ran:?}");
    lab.run(&["status"]).done();
    let again = lab.run(&["ingest", "notes.txt"]);
    assert_eq!(again.code, 3, "it is read again");
}

#[test]
fn a_damaged_log_is_a_matter_of_the_status_until_it_is_gone_or_forgotten() {
    let lab = Lab::new();
    lab.put("garbage.log", b"no log at all\n");
    assert_eq!(lab.run(&["ingest"]).code, 3);
    let status = lab.run(&["status"]);
    assert_eq!(status.code, 3, "{status:?}");
    let unknown = lab.run(&["status", "--forget", "logs/other.log"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
    lab.run(&["status", "--forget", "logs/garbage.log"]).done();
    lab.run(&["status"]).done();
    assert_eq!(
        lab.run(&["ingest"]).code,
        3,
        "it is still there, and read again"
    );
    assert_eq!(lab.run(&["status"]).code, 3);
    fs::remove_file(lab.logs().join("garbage.log")).unwrap();
    lab.run(&["status"]).done();
    lab.run(&["ingest"]).done();
    lab.run(&["status"]).done();
}

#[test]
fn a_missing_path_is_an_error_and_nothing_is_read() {
    let lab = Lab::new();
    fs::write(lab.path("a.log"), recording(LOG)).unwrap();
    let ran = lab.run(&["ingest", "a.log", "b.log"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.complained.contains("b.log"), "{ran:?}");
    let status = lab.run(&["status", "--json"]).json();
    assert_eq!(status["store"]["logs"], 0, "{status}");
}

#[test]
fn a_run_that_failed_is_noted_and_needs_attention_until_one_does_not() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    lab.run(&["report"]).done();
    let success = lab.run(&["status", "--json"]).done().json()["last_run"]["last_success"].clone();
    assert!(success.is_string());
    fs::rename(lab.logs(), lab.path("elsewhere")).unwrap();
    assert_eq!(lab.run(&["report"]).code, 1);
    let status = lab.run(&["status", "--json"]);
    assert_eq!(status.code, 3);
    let run = &status.json()["last_run"];
    assert_eq!(
        (&run["exit_code"], &run["last_success"]),
        (&json!(1), &success)
    );
    assert!(
        run["error"].as_str().unwrap().contains("log folder"),
        "{run}"
    );
    let said = lab.run(&["status"]).said;
    assert!(said.contains("Attention the last report ("), "{said}");
    fs::rename(lab.path("elsewhere"), lab.logs()).unwrap();
    lab.run(&["report"]).done();
    lab.run(&["status"]).done();
}

#[test]
fn metrics_are_written_by_runs_that_succeed_and_runs_that_fail() {
    let lab = Lab::with(
        "timezone: UTC\nmetrics: {textfile: out.prom}\nquota: [{name: 'a\"b\\c', bytes: 1GB}]\n",
    );
    lab.put(LOG, &recording(LOG));
    lab.run(&["ingest"]).done();
    let metrics = || fs::read_to_string(lab.path("out.prom")).unwrap();
    let sample = |text: &str, name: &str| -> f64 {
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("network_monitor_{name} ")));
        line.unwrap_or_else(|| panic!("{name}: {text}"))
            .rsplit_once(' ')
            .unwrap()
            .1
            .parse()
            .unwrap()
    };
    let text = metrics();
    assert_eq!(sample(&text, "last_run_exit_code"), 0.0);
    assert_eq!(sample(&text, "logs_pending"), 0.0);
    assert!(sample(&text, "store_size_bytes") > 0.0);
    assert!(
        text.contains(r#"network_monitor_quota_used_ratio{quota="a\"b\\c"} 0"#),
        "{text}"
    );
    assert!(
        text.contains("network_monitor_day_coverage_ratio{host=\"lab\"} 0\n"),
        "{text}"
    );
    fs::rename(lab.logs(), lab.path("elsewhere")).unwrap();
    assert_eq!(lab.run(&["report"]).code, 1);
    let text = metrics();
    assert_eq!(sample(&text, "last_run_exit_code"), 1.0);
    assert!(sample(&text, "last_success_timestamp_seconds") > 0.0);
}

/// A server that answers each request so, and tells what it was asked.
fn server(answer: &'static str) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/s3cret", listener.local_addr().unwrap());
    let (tell, asked) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            if tell.send(request(&mut stream)).is_err() {
                return;
            }
            if answer.is_empty() {
                std::thread::sleep(Duration::from_secs(60));
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, asked)
}

/// The request line and the body.
fn request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() > 0 {
        text.push(byte[0]);
    }
    let head = String::from_utf8(text).unwrap();
    let length = head.to_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length: ")
            .map(|length| length.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).unwrap();
    let line = head.lines().next().unwrap();
    format!("{line} | {}", String::from_utf8(body).unwrap())
}

fn watched(url: &str) -> Lab {
    let lab = Lab::with(&format!(
        "timezone: UTC\nnotify: {{healthcheck_url: '{url}'}}\n"
    ));
    lab.put(LOG, &recording(LOG));
    lab
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK";

#[test]
fn a_watchdog_hears_of_start_success_and_failure() {
    let (url, asked) = server(OK);
    let lab = watched(&url);
    lab.run(&["report"]).done();
    fs::rename(lab.logs(), lab.path("elsewhere")).unwrap();
    assert_eq!(lab.run(&["report"]).code, 1);
    lab.run(&["report", "--dry-run"]);
    let heard: Vec<String> = asked.try_iter().collect();
    assert_eq!(heard.len(), 4, "{heard:?}");
    assert_eq!(heard[0], "POST /s3cret/start HTTP/1.1 | ");
    assert_eq!(heard[1], "POST /s3cret HTTP/1.1 | report: exit code 0");
    assert!(heard[3].starts_with("POST /s3cret/fail HTTP/1.1 | report: exit code 1\ncannot "));
}

#[test]
fn a_watchdog_that_cannot_be_had_changes_nothing_and_its_address_stays_secret() {
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (moved, _asked) = server(
        "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    );
    let (hangs, _held) = server("");
    let (odd, _read) = server("s3cret is no HTTP\r\n\r\n");
    for (url, reason) in [
        (format!("http://{closed}/s3cret"), "connection refused"),
        (moved, "it redirects to another address"),
        (hangs, "no answer in time"),
        (odd, "not reached"),
        (format!("https://{closed}/s3cret"), "connection refused"),
        ("http://host.invalid/s3cret".to_owned(), "not reached"),
    ] {
        let ran = watched(&url).run(&["-vv", "report"]).done();
        assert!(
            ran.complained.contains(reason),
            "{reason}: {}",
            ran.complained
        );
        assert!(!format!("{ran:?}").contains("s3cret"), "{}", ran.complained);
    }
}

#[test]
#[cfg(unix)]
fn a_watchdog_that_writes_without_end_takes_no_memory_and_little_time() {
    for (head, rest) in [
        ("", "H"),
        ("HTTP/1.1 200 OK\r\nX: ", "x"),
        ("HTTP/1.1 200 OK\r\n", "X-Header: x\r\n"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "f"),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            "x",
        ),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let lab = watched(&format!("http://{}/s3cret", listener.local_addr().unwrap()));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                request(&mut stream);
                let rest = rest.repeat(65_536 / rest.len());
                let mut wrote = stream.write_all(head.as_bytes());
                while wrote.is_ok() {
                    wrote = stream.write_all(rest.as_bytes());
                }
            }
        });
        let begun = Instant::now();
        let output = lab
            .prepared(Path::new("sh"))
            .env("PATH", "/usr/bin:/bin")
            .args([
                "-c",
                "ulimit -v 1500000; exec \"$0\" -c settings.yaml report",
            ])
            .arg(env!("CARGO_BIN_EXE_network-monitor"))
            .output()
            .unwrap();
        let complained = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            output.status.code(),
            Some(0),
            "{head:?} {rest:?}: {complained}"
        );
        // Two pings of five seconds, and a report.
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{head:?} {rest:?}"
        );
    }
}
