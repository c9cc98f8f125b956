use super::*;
use crate::{Server, Step, Trouble};

fn key(recipients: &[&str]) -> Key {
    Key {
        kind: Kind::Report,
        host: "web1".into(),
        subject: "20261121".into(),
        recipients: recipients.iter().map(|one| (*one).to_owned()).collect(),
    }
}

fn put(outbox: &mut Outbox, key: &Key) -> Record {
    let from: Address = "reports@example.org".parse().unwrap();
    let letter = |message_id| Letter {
        from: from.clone(),
        to: vec!["ada@example.org".parse().unwrap()],
        cc: Vec::new(),
        subject: "s".into(),
        date: 0,
        message_id,
        text: "t".into(),
        html: "h".into(),
        images: Vec::new(),
        attachments: Vec::new(),
    };
    outbox.put(key, &from, 1000, letter).unwrap()
}

fn unreachable() -> std::result::Result<Server, Trouble> {
    Err(Trouble {
        step: Step::Connect,
        reason: "nobody there".into(),
        hint: String::new(),
    })
}

#[test]
fn a_letter_is_the_same_whatever_the_order_of_its_recipients() {
    let one = key(&["ada@example.org", "bob@example.org"]);
    let same = key(&["Bob@example.org", "ada@example.org", "ada@example.org"]);
    let other = key(&["ada@example.org"]);
    assert_eq!(one.name(), same.name());
    assert_ne!(one.name(), other.name());
    let from: Address = "Reports <reports@example.org>".parse().unwrap();
    assert_eq!(one.message_id(1, &from), same.message_id(1, &from));
    assert!(
        one.message_id(2, &from)
            .ends_with(".2.network-monitor@example.org>")
    );
}

#[test]
fn a_letter_outlives_the_process_and_waits_longer_each_time() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(&["ada@example.org"]);
    let open = || Outbox::open(folder.path(), "now", "test").unwrap();
    let first = put(&mut open(), &key);
    assert_eq!(
        Outbox::records(folder.path()).unwrap(),
        std::slice::from_ref(&first)
    );
    let mut pauses = Vec::new();
    let mut now = 1000;
    for attempt in 1..8 {
        let deliveries = open().deliver(unreachable, now, Which::Due).unwrap();
        let record = &deliveries[0].record;
        assert_eq!((record.attempts, record.is_waiting()), (attempt, true));
        assert_eq!(record.trouble.as_deref(), Some("connect: nobody there"));
        pauses.push(record.next_attempt - now);
        let early = record.next_attempt - 1;
        now = record.next_attempt;
        if attempt > 1 {
            assert!(
                open()
                    .deliver(unreachable, early, Which::Due)
                    .unwrap()
                    .is_empty()
            );
        }
    }
    assert!(
        pauses.is_sorted() && pauses[0] == 0 && pauses[6] == pauses[5],
        "{pauses:?}"
    );
    let second = put(&mut open(), &key);
    assert_eq!((second.edition, second.attempts), (2, 0));
    assert_ne!(first.message_id, second.message_id);
}

#[test]
fn only_one_process_sends_and_what_a_crash_left_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("0123456789abcdef.eml"), "no record").unwrap();
    let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    assert!(!folder.path().join("0123456789abcdef.eml").exists());
    let again = Outbox::open(folder.path(), "now", "test");
    assert!(matches!(again, Err(OutboxError::Held(_))), "{again:?}");

    let record = put(&mut outbox, &key(&["ada@example.org"]));
    let message = folder
        .path()
        .join(format!("{}.eml", key(&["ada@example.org"]).name()));
    drop(outbox);
    let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    assert!(message.exists(), "it is waited for");
    fs::remove_file(&message).unwrap();
    let deliveries = outbox.deliver(unreachable, 1000, Which::All).unwrap();
    assert_eq!(deliveries[0].refused.len(), 1, "{record:?}");
    assert!(
        outbox
            .deliver(unreachable, 1000, Which::All)
            .unwrap()
            .is_empty()
    );

    drop(outbox);
    fs::write(&message, "nobody waits for it").unwrap();
    Outbox::open(folder.path(), "now", "test").unwrap();
    assert!(!message.exists());
}

#[test]
fn a_damaged_record_is_named_and_set_aside_with_its_message() {
    for text in ["{", ""] {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::write(at("0123456789abcdef.json"), text).unwrap();
        fs::write(at("0123456789abcdef.eml"), "a letter").unwrap();
        let error = Outbox::records(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("0123456789abcdef.json") && error.contains("is damaged"),
            "{error}"
        );
        let outbox = Outbox::open(folder.path(), "now", "test").unwrap();
        let aside = at("damaged/0123456789abcdef.json");
        assert_eq!(outbox.set_aside(), std::slice::from_ref(&aside));
        assert_eq!(fs::read_to_string(aside).unwrap(), text);
        let message = fs::read_to_string(at("damaged/0123456789abcdef.eml"));
        assert_eq!(message.unwrap(), "a letter");
        assert!(Outbox::records(folder.path()).unwrap().is_empty());
    }
}

#[test]
fn a_newer_programs_record_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    let record = put(&mut outbox, &key(&["ada@example.org"]));
    drop(outbox);
    let mut json = serde_json::to_value(&record).unwrap();
    json["version"] = 1000.into();
    let path = folder
        .path()
        .join(format!("{}.json", key(&["ada@example.org"]).name()));
    fs::write(&path, json.to_string()).unwrap();
    let error = Outbox::open(folder.path(), "now", "test").unwrap_err();
    assert!(error.to_string().contains("a newer version"), "{error}");
    assert!(path.exists());
}
