//! Compaction and migration of a store, killed anywhere or refused by the disk: nothing is lost and nothing is
//! counted twice.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::containers::gzip;
use crate::faults::{FEW, Life, Sample, Step, Undisturbed, kill_at, refuse_at};
use crate::lab::{Lab, recording};

const GROWING: &str = "bandwhich_20201122_0914.log";
const RUNS: &str = "bandwhich_20201121_0854.log";
const IDLE: &str = "bandwhich_20201122_0919.log";

/// Nothing is compacted but by hand, so that each step has one matter.
fn by_hand(lab: &Lab) {
    let path = lab.path("settings.yaml");
    let settings = fs::read_to_string(&path).unwrap();
    if !settings.contains("compact_after") {
        fs::write(
            &path,
            format!("{settings}store: {{compact_after: never}}\n"),
        )
        .unwrap();
    }
}

const COMPACTION: [Step; 7] = [
    Step {
        name: "half a log and another of its day, and one of another day",
        change: |lab| {
            by_hand(lab);
            let log = recording(GROWING);
            lab.put(GROWING, &log[..log.len() / 2]);
            lab.put(IDLE, &recording(IDLE));
            lab.put(RUNS, &recording(RUNS));
        },
        command: &["ingest"],
    },
    Step {
        name: "both days compacted",
        change: |_| {},
        command: &["store", "compact"],
    },
    Step {
        name: "a compacted log grew, and a copy of one turned up",
        change: |lab| {
            lab.put(GROWING, &recording(GROWING));
            lab.put("copy.log.gz", &gzip(&recording(RUNS)));
        },
        command: &["ingest"],
    },
    Step {
        name: "what is new joins a compacted day",
        change: |_| {},
        command: &["store", "compact"],
    },
    Step {
        name: "the machine gets another name",
        change: |lab| {
            let path = lab.path("settings.yaml");
            let settings = fs::read_to_string(&path).unwrap();
            fs::write(path, settings.replace("host: lab\n", "host: lab2\n")).unwrap();
        },
        command: &["store", "rename-host", "lab", "lab2"],
    },
    Step {
        name: "compacted under its new name",
        change: |_| {},
        command: &["store", "compact"],
    },
    Step {
        name: "the catalogue rebuilt from compacted files",
        change: |_| {},
        command: &["store", "rebuild"],
    },
];

static COMPACTED: Life = Life::new(&COMPACTION, LazyLock::new(|| Undisturbed::of(&COMPACTION)));

const MIGRATION: [Step; 3] = [
    Step {
        name: "a store of format 2 is opened",
        change: |lab| {
            by_hand(lab);
            let kept = "../store/tests/formats/2";
            let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(kept);
            copy(&kept, &lab.path("store"));
            // Settings of the machine that it belongs to.
            let path = lab.path("settings.yaml");
            let settings = fs::read_to_string(&path).unwrap();
            fs::write(path, settings.replace("host: lab\n", "host: web1\n")).unwrap();
        },
        command: &["ingest"],
    },
    Step {
        name: "its days are compacted",
        change: |_| {},
        command: &["store", "compact"],
    },
    Step {
        name: "its catalogue rebuilt",
        change: |_| {},
        command: &["store", "rebuild"],
    },
];

static MIGRATED: Life = Life::new(&MIGRATION, LazyLock::new(|| Undisturbed::of(&MIGRATION)));

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            fs::copy(&path, &to).unwrap();
        }
    }
}

#[test]
fn a_compaction_that_is_killed_or_refused_loses_nothing() {
    kill_at(&COMPACTED, FEW);
    refuse_at(&COMPACTED, FEW);
}

#[test]
fn a_migration_that_is_killed_or_refused_loses_nothing() {
    kill_at(&MIGRATED, FEW);
    refuse_at(&MIGRATED, FEW);
}

#[test]
#[ignore = "takes minutes; make test-faults"]
fn store_faults_of_compaction_at_every_call() {
    kill_at(&COMPACTED, Sample::all());
    refuse_at(&COMPACTED, Sample::all());
}

#[test]
#[ignore = "takes minutes; make test-faults"]
fn store_faults_of_migration_at_every_call() {
    kill_at(&MIGRATED, Sample::all());
    refuse_at(&MIGRATED, Sample::all());
}
