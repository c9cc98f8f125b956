//! `doctor` on machines with a fault in their history, logs or mail.

use std::fs::{self, File};
use std::net::TcpListener;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::lab::{Lab, assert_valid, recording, schema};
use crate::post_office::PostOffice;

const LOG: &str = "bandwhich_20201122_0843.log";

/// What `doctor` says of a topic, and whether it names a fault there.
#[track_caller]
fn examined(lab: &Lab, topic: &str) -> (bool, String) {
    let ran = lab.run(&["doctor", "--json"]);
    let found = ran.json();
    assert_valid(&schema("doctor.schema.json"), &found);
    let checks = found["checks"].as_array().unwrap().clone();
    let has_fault = |check: &Value| check["verdict"] == "fault";
    assert_eq!(ran.code, if checks.iter().any(has_fault) { 3 } else { 0 });
    let of_topic: Vec<Value> = checks
        .into_iter()
        .filter(|check| check["topic"] == topic)
        .collect();
    assert!(!of_topic.is_empty(), "{topic}: {found}");
    let is_faulty = of_topic.iter().any(has_fault);
    // No fault without a cure.
    let cures = of_topic.iter().filter(|check| has_fault(check));
    assert!(
        cures.clone().all(|check| check["cure"].is_string()),
        "{found}"
    );
    (is_faulty, Value::from(of_topic).to_string())
}

#[track_caller]
fn assert_fault(lab: &Lab, topic: &str, words: &str) {
    let (is_faulty, said) = examined(lab, topic);
    assert!(is_faulty && said.contains(words), "{words}: {said}");
}

#[track_caller]
fn assert_sound(lab: &Lab, topic: &str) {
    let (is_faulty, said) = examined(lab, topic);
    assert!(!is_faulty, "{said}");
}

#[test]
fn a_run_that_failed_or_is_long_ago_is_a_fault() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    assert!(examined(&lab, "last run").1.contains("none yet"));
    lab.run(&["report"]).done();
    assert_sound(&lab, "last run");
    let record = lab.path("store/last_run.json");
    let mut run: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    let success = run["last_success_unix"].as_i64().unwrap();
    run["last_success_unix"] = (success + 1000 * 86_400).into();
    fs::write(&record, run.to_string()).unwrap();
    assert_fault(&lab, "last run", "in the future");
    run["last_success_unix"] = (success - 2 * 86_400).into();
    fs::write(&record, run.to_string()).unwrap();
    assert_fault(&lab, "last run", "none since");
    fs::rename(lab.logs(), lab.path("elsewhere")).unwrap();
    assert_eq!(lab.run(&["report"]).code, 1);
    assert_fault(&lab, "last run", "failed: cannot");
    assert_fault(&lab, "folders", "paths.log_dir");
}

#[test]
fn a_damaged_log_and_a_damaged_catalogue_are_faults() {
    let lab = Lab::new();
    lab.put("torn.log.gz", &[0x1f, 0x8b, 8, 0, 1]);
    lab.put(LOG, &recording(LOG));
    assert_eq!(lab.run(&["report"]).code, 3);
    assert_fault(&lab, "history", "torn.log.gz");
    fs::write(lab.path("store/catalog.sqlite"), "no database").unwrap();
    assert_fault(&lab, "history", "store rebuild");
}

#[test]
fn logs_that_nobody_writes_any_more_are_a_fault() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    assert_sound(&lab, "logs");
    let log = File::options()
        .write(true)
        .open(lab.logs().join(LOG))
        .unwrap();
    log.set_modified(SystemTime::now() - Duration::from_secs(3 * 86_400))
        .unwrap();
    assert_fault(&lab, "logs", "no log since");
}

#[test]
fn the_way_to_the_mail_server_is_gone_up_to_the_login_and_nothing_is_sent() {
    let lab = Lab::new();
    assert!(examined(&lab, "mail").1.contains("no letters"));
    let office = PostOffice::new();
    let server = office.open("starttls", "");
    server.settle(&lab, "");
    let (is_faulty, said) = examined(&lab, "mail");
    assert!(!is_faulty && said.contains("log in: as ada"), "{said}");
    lab.put_secret("secret", "wrong");
    assert_fault(&lab, "mail", "535");
    fs::remove_file(lab.path("secret")).unwrap();
    assert_fault(&lab, "mail", "cannot read");
    server.settle(&lab, "use_tls: false\nuse_ssl: true\n");
    assert_fault(&lab, "mail", "does not speak TLS");
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let elsewhere = [
        (
            "localhost".to_owned(),
            "host.invalid".to_owned(),
            "resolve: ",
        ),
        (
            server.port.to_string(),
            closed.port().to_string(),
            "connect: connection refused",
        ),
    ];
    for (from, to, words) in elsewhere {
        server.settle(&lab, "");
        let settings = fs::read_to_string(lab.path("settings.yaml")).unwrap();
        fs::write(lab.path("settings.yaml"), settings.replace(&from, &to)).unwrap();
        assert_fault(&lab, "mail", words);
    }
    assert!(office.letters().is_empty());
}

#[test]
fn a_letter_that_could_not_be_sent_is_a_fault() {
    let lab = Lab::new();
    lab.put(LOG, &recording(LOG));
    let office = PostOffice::new();
    let server = office.open("starttls", "");
    server.settle(&lab, "");
    drop(server);
    assert_eq!(lab.run(&["report"]).code, 3);
    assert_fault(&lab, "outbox", "letters that could not be sent: 1");
    assert_fault(&lab, "mail", "connect: ");
}

#[test]
fn a_credential_of_the_service_goes_before_the_file_that_only_root_reads() {
    let lab = Lab::new();
    let office = PostOffice::new();
    let server = office.open("starttls", "");
    server.settle(&lab, "password_file: not/there\n");
    fs::create_dir(lab.path("credentials")).unwrap();
    let credentials = lab.path("credentials");
    let variables = [("CREDENTIALS_DIRECTORY", credentials.to_str().unwrap())];
    // A unit that found no file hands over a blank line.
    lab.put_secret("credentials/email_password", "\n");
    let ran = lab.run_in(&variables, &["email", "test"], b"");
    assert_eq!(ran.code, 1);
    assert!(ran.complained.contains("not/there"), "{}", ran.complained);
    lab.put_secret("credentials/email_password", crate::post_office::PASSWORD);
    lab.run_in(&variables, &["email", "test"], b"").done();
    assert_eq!(office.letters().len(), 1);
}

#[test]
fn what_doctor_says_can_be_read_without_colour() {
    let lab = Lab::new();
    fs::remove_dir(lab.logs()).unwrap();
    let ran = lab.run(&["doctor"]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.said.contains("\nFAULT   folders   paths.log_dir: "),
        "{}",
        ran.said
    );
    assert!(
        ran.said
            .contains("\n                  cure: create it, or "),
        "{}",
        ran.said
    );
}
