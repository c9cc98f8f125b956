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
        is_urgent: false,
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
    fs::write(folder.path().join("0123456789abcdef.new"), "no record yet").unwrap();
    let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    assert!(!folder.path().join("0123456789abcdef.new").exists());
    assert!(outbox.set_aside().is_empty());
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
        let lost = Lost::Record;
        let path = aside.clone();
        assert_eq!(outbox.set_aside(), [SetAside { path, lost }]);
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

#[test]
fn an_attempt_in_the_future_is_due() {
    const LATE: i64 = 1_900_000_000;
    for attempts in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
        put(&mut outbox, &key(&["ada@example.org"]));
        for attempt in 0..attempts {
            let then = LATE + attempt * 86_400;
            outbox.deliver(unreachable, then, Which::Due).unwrap();
        }
        let deliveries = outbox.deliver(unreachable, 2000, Which::Due).unwrap();
        assert_eq!(deliveries.len(), 1, "after {attempts} attempts");
        // By the right clock pauses are kept again.
        let soon = outbox.deliver(unreachable, 2001, Which::Due).unwrap();
        assert_eq!(soon.len(), usize::from(attempts == 0));
    }
}

#[test]
fn a_message_that_changed_is_set_aside_and_the_others_go() {
    for change in [
        |eml: &mut Vec<u8>| eml.truncate(eml.len() / 2),
        |eml: &mut Vec<u8>| eml.clear(),
        |eml: &mut Vec<u8>| eml[0] ^= 1,
        |eml: &mut Vec<u8>| eml.push(b'x'),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
        let (damaged, whole) = (key(&["ada@example.org"]), key(&["bob@example.org"]));
        put(&mut outbox, &damaged);
        put(&mut outbox, &whole);
        let path = outbox.path(&damaged.name(), "eml");
        let mut eml = fs::read(&path).unwrap();
        change(&mut eml);
        fs::write(&path, &eml).unwrap();
        let deliveries = outbox.deliver(unreachable, 1000, Which::Due).unwrap();
        let about: Vec<&str> = deliveries[0]
            .record
            .waiting()
            .map(|one| one.address.as_str())
            .collect();
        assert_eq!((deliveries.len(), about), (1, vec!["bob@example.org"]));
        let path = folder
            .path()
            .join(format!("damaged/{}.eml", damaged.name()));
        assert_eq!(fs::read(&path).unwrap(), eml);
        assert!(path.with_extension("json").exists());
        let lost = Lost::Message;
        assert_eq!(outbox.set_aside(), [SetAside { path, lost }]);
        assert_eq!(outbox.find(&damaged).unwrap(), None);
    }
}

#[test]
fn a_message_whose_record_is_gone_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(&["ada@example.org"]);
    let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    put(&mut outbox, &key);
    fs::remove_file(outbox.path(&key.name(), "json")).unwrap();
    drop(outbox);
    let outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    let path = folder.path().join(format!("damaged/{}.eml", key.name()));
    assert!(path.exists());
    let lost = Lost::Recipients;
    assert_eq!(outbox.set_aside(), [SetAside { path, lost }]);
}

#[test]
fn a_crash_while_a_letter_is_put_in_loses_neither_it_nor_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(&["ada@example.org"]);
    let open = || Outbox::open(folder.path(), "now", "test").unwrap();
    let mut outbox = open();
    put(&mut outbox, &key);
    let at = |extension| outbox.path(&key.name(), extension);
    let (json, eml, new) = (at("json"), at("eml"), at("new"));
    let (first, message) = (fs::read(&json).unwrap(), fs::read(&eml).unwrap());
    let second = put(&mut outbox, &key);
    drop(outbox);
    assert_eq!(second.edition, 2);
    let later = fs::read(&eml).unwrap();
    // After the record of the second edition was written.
    fs::write(&eml, &message).unwrap();
    fs::write(&new, &later).unwrap();
    drop(open());
    assert_eq!(fs::read(&eml).unwrap(), later);
    assert!(!new.exists());
    // Before that.
    fs::write(&json, &first).unwrap();
    fs::write(&eml, &message).unwrap();
    fs::write(&new, &later).unwrap();
    let mut outbox = open();
    assert_eq!(fs::read(&eml).unwrap(), message);
    assert!(!new.exists());
    let deliveries = outbox.deliver(unreachable, 1000, Which::Due).unwrap();
    assert_eq!(deliveries[0].record.edition, 1);
    assert!(outbox.set_aside().is_empty());
}

#[test]
fn a_letter_whose_putting_in_failed_at_the_end_is_sent_all_the_same() {
    for has_older in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let key = key(&["ada@example.org"]);
        let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
        put(&mut outbox, &key);
        let at = |extension| outbox.path(&key.name(), extension);
        let (eml, new) = (at("eml"), at("new"));
        fs::rename(&eml, &new).unwrap();
        if has_older {
            fs::write(&eml, "the edition before").unwrap();
        }
        let deliveries = outbox.deliver(unreachable, 1000, Which::New).unwrap();
        assert!(deliveries[0].trouble.is_some(), "it was tried");
        assert!(deliveries[0].record.is_waiting());
        assert!(eml.exists() && !new.exists() && outbox.set_aside().is_empty());
    }
}

#[test]
fn a_record_without_a_checksum_is_sent_as_before() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(&["ada@example.org"]);
    let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    put(&mut outbox, &key);
    let path = outbox.path(&key.name(), "json");
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    for later in ["checksum", "size", RECORD_CHECKSUM] {
        assert!(record.as_object_mut().unwrap().remove(later).is_some());
    }
    fs::write(&path, record.to_string()).unwrap();
    drop(outbox);
    let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    let deliveries = outbox.deliver(unreachable, 1000, Which::Due).unwrap();
    assert!(deliveries[0].trouble.is_some(), "it was tried");
}

#[test]
fn copies_with_other_names_are_no_letters() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let key = key(&["ada@example.org"]);
    let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    put(&mut outbox, &key);
    drop(outbox);
    let name = key.name();
    let copies = [
        format!("{name} (copy)"),
        format!("{name}.bak"),
        format!("{name}0"),
        name[1..].to_owned(),
        name[1..].to_owned() + "g",
        String::new(),
    ];
    for copy in &copies {
        for extension in ["json", "eml"] {
            let from = at(&format!("{name}.{extension}"));
            fs::copy(from, at(&format!("{copy}.{extension}"))).unwrap();
        }
        fs::write(at(&format!("{copy}.new")), "half a letter").unwrap();
    }
    let before = fs::read_dir(folder.path()).unwrap().count();
    let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
    assert_eq!(Outbox::records(folder.path()).unwrap().len(), 1);
    let deliveries = outbox.deliver(unreachable, 1000, Which::All).unwrap();
    assert_eq!((deliveries.len(), outbox.set_aside()), (1, &[][..]));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), before);
}

/// Runs something that may wait for a pipe, and does not wait for that.
fn in_time<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || drop(tell.send(run())));
    let patience = std::time::Duration::from_secs(20);
    told.recv_timeout(patience).expect("it comes to an end")
}

/// What may lie in the place of a letter's file.
#[cfg(unix)]
const INSTEAD: [fn(&Path); 5] = [
    |path| {
        let made = std::process::Command::new("mkfifo").arg(path).status();
        assert!(made.unwrap().success());
    },
    |path| fs::create_dir(path).unwrap(),
    |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
    |path| std::os::unix::fs::symlink("/nowhere", path).unwrap(),
    |path| fs::File::create(path).unwrap().set_len(1 << 40).unwrap(),
];

#[cfg(unix)]
#[test]
fn other_files_are_neither_waited_for_nor_held_in_memory() {
    for instead in INSTEAD {
        for (extension, lost) in [("json", Lost::Record), ("eml", Lost::Message)] {
            let folder = tempfile::tempdir().unwrap();
            let (damaged, whole) = (key(&["ada@example.org"]), key(&["bob@example.org"]));
            let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
            put(&mut outbox, &damaged);
            put(&mut outbox, &whole);
            let path = outbox.path(&damaged.name(), extension);
            drop(outbox);
            fs::remove_file(&path).unwrap();
            instead(&path);
            let at = folder.path().to_owned();
            let (deliveries, set_aside) = in_time(move || {
                let _ = Outbox::records(&at);
                let mut outbox = Outbox::open(&at, "now", "test").unwrap();
                let deliveries = outbox.deliver(unreachable, 1000, Which::Due).unwrap();
                (deliveries, outbox.set_aside().to_vec())
            });
            assert_eq!(deliveries.len(), 1, "{extension}");
            let file = format!("{}.{extension}", damaged.name());
            let aside = folder.path().join("damaged").join(file);
            assert!(fs::symlink_metadata(&aside).is_ok() && fs::symlink_metadata(&path).is_err());
            assert_eq!(set_aside, [SetAside { path: aside, lost }]);
            // The next run puts it in again.
            let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
            assert_eq!(outbox.find(&damaged).unwrap(), None);
            put(&mut outbox, &damaged);
        }
    }
}

#[cfg(unix)]
#[test]
fn other_files_in_place_of_a_half_written_letter_go_away() {
    for instead in INSTEAD {
        for has_record in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let key = key(&["ada@example.org"]);
            let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
            if has_record {
                put(&mut outbox, &key);
            }
            let new = outbox.path(&key.name(), "new");
            drop(outbox);
            instead(&new);
            let at = folder.path().to_owned();
            let opened = in_time(move || Outbox::open(&at, "now", "test"));
            let mut outbox = opened.unwrap();
            assert!(fs::symlink_metadata(&new).is_err());
            let deliveries = outbox.deliver(unreachable, 1000, Which::Due).unwrap();
            assert_eq!(deliveries.len(), usize::from(has_record));
            assert!(outbox.set_aside().is_empty());
        }
    }
}

#[test]
fn a_record_that_changed_is_set_aside() {
    for (from, to) in [
        ("ada@example.org", "eve@example.org"),
        ("\"attempts\": 0", "\"attempts\": 1"),
        ("\"created\": 1000", "\"created\": 1001"),
        (
            "\"record_checksum\": \"",
            "\"x\": 1, \"record_checksum\": \"",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let key = key(&["ada@example.org"]);
        let mut outbox = Outbox::open(folder.path(), "now", "test").unwrap();
        put(&mut outbox, &key);
        let path = outbox.path(&key.name(), "json");
        drop(outbox);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
        let outbox = Outbox::open(folder.path(), "now", "test").unwrap();
        assert_eq!(outbox.set_aside()[0].lost, Lost::Record, "{to}");
    }
}
