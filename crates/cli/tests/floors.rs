//! Holds the floor plan of `ARCHITECTURE.md`: a crate imports only floors below its own.
//!
//! Cargo forbids circles but not shortcuts; this reads every `Cargo.toml` and forbids those. It
//! also holds that the pure crates carry the same bans.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every crate of the workspace, planned ones too, by its package name.
const FLOORS: &[(&str, u8)] = &[
    ("rawlog", 1),
    ("files", 1),
    ("display", 1),
    ("traffic", 2),
    ("archive", 2),
    ("collector", 2),
    ("mail", 2),
    ("analysis", 3),
    ("store", 3),
    ("report", 4),
    ("settings", 4),
    ("lifecycle", 5),
    ("reporting", 5),
    ("mailing", 5),
    ("logging", 5),
    ("app", 6),
    ("fleet", 6),
    ("admin", 7),
    ("web", 7),
    ("network-monitor", 8),
];

/// Crates without files, network, processes, environment and clocks.
const PURE: &[&str] = &["rawlog", "display", "traffic", "analysis", "report"];

/// Imports by package: what stands in the dependency tables of one `Cargo.toml`.
type Imports = BTreeMap<String, Vec<String>>;

#[test]
fn every_crate_imports_only_floors_below_its_own() {
    let mut imports = Imports::new();
    for manifest in manifests() {
        let text = fs::read_to_string(&manifest).unwrap();
        let (package, dependencies) = read_manifest(&text);
        assert!(
            !package.is_empty(),
            "{} names no package",
            manifest.display()
        );
        imports.insert(package, dependencies);
    }
    for needed in [
        "rawlog",
        "files",
        "display",
        "traffic",
        "analysis",
        "store",
        "archive",
        "report",
        "mail",
        "collector",
        "network-monitor",
    ] {
        assert!(imports.contains_key(needed), "{needed} was not found");
    }
    let faults = faults(&imports);
    assert!(
        faults.is_empty(),
        "the floor plan is broken:\n{}",
        faults.join("\n")
    );
}

#[test]
fn the_pure_crates_carry_the_same_bans_and_the_roots() {
    let root = workspace();
    let bans = |path: PathBuf| {
        let text =
            fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let lines = text
            .lines()
            .map(str::trim)
            .filter(|line| line.starts_with("{ path ="));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let of_root = bans(root.join("clippy.toml"));
    let folders: Vec<_> = PURE
        .iter()
        .map(|name| root.join("crates").join(name))
        .collect();
    let of_pure = bans(folders[0].join("clippy.toml"));
    assert!(!of_root.is_empty() && of_root.iter().all(|ban| of_pure.contains(ban)));
    assert!(
        of_pure
            .iter()
            .any(|ban| ban.contains("\"std::time::SystemTime::now\""))
    );
    for folder in folders
        .iter()
        .filter(|folder| folder.join("Cargo.toml").exists())
    {
        assert_eq!(
            bans(folder.join("clippy.toml")),
            of_pure,
            "{}",
            folder.display()
        );
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn manifests() -> Vec<PathBuf> {
    fs::read_dir(workspace().join("crates"))
        .expect("the workspace has a folder of crates")
        .map(|entry| {
            entry
                .expect("a checkout is readable")
                .path()
                .join("Cargo.toml")
        })
        .filter(|manifest| manifest.exists())
        .collect()
}

/// Says what is wrong with the imports, one line each; foreign crates are none of its business.
fn faults(imports: &Imports) -> Vec<String> {
    let floor = |name: &str| {
        FLOORS
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, floor)| *floor)
    };
    let mut faults = Vec::new();
    for (package, dependencies) in imports {
        let Some(own) = floor(package) else {
            faults.push(format!(
                "{package} has no floor: give it one here and in ARCHITECTURE.md"
            ));
            continue;
        };
        for dependency in dependencies {
            let Some(other) = floor(dependency) else {
                continue;
            };
            if other < own {
                continue;
            }
            let way = if other > own { "upward" } else { "sideways" };
            faults.push(format!(
                "{package} (floor {own}) imports {way}: {dependency} (floor {other})"
            ));
        }
    }
    faults
}

/// Reads the package's name and what it depends on, tests and build scripts included.
///
/// It knows the ways to write a dependency that Cargo documents, one to a line.
fn read_manifest(text: &str) -> (String, Vec<String>) {
    let mut package = String::new();
    let mut dependencies = Vec::new();
    let mut table = "";
    for line in text.lines() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            table = header.split(']').next().unwrap_or_default().trim();
            // A target's condition may hold brackets itself; what counts is the end.
            if header.starts_with("target.") {
                table = header
                    .rsplit_once("'.")
                    .or_else(|| header.rsplit_once("\"."))
                    .map_or(header, |(_, end)| end)
                    .trim_end_matches(']');
            }
            if let Some(name) = dependency_table(table).flatten() {
                dependencies.push(name.to_owned());
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else {
            continue;
        };
        let (key, value) = (unquoted(key), value.trim());
        if table == "package" && key == "name" {
            package = unquoted(value).to_owned();
        }
        match dependency_table(table) {
            Some(None) => {
                dependencies.push(key.split('.').next().unwrap_or(key).to_owned());
                dependencies.extend(renamed(value));
            }
            Some(Some(_)) if key == "package" => dependencies.push(unquoted(value).to_owned()),
            _ => {}
        }
    }
    (package, dependencies)
}

/// Whether a table holds dependencies, and the one it is about if it is about one:
/// `dependencies` or `dependencies.store`.
fn dependency_table(table: &str) -> Option<Option<&str>> {
    let (kind, name) = match table.split_once('.') {
        Some((kind, name)) => (kind, Some(unquoted(name))),
        None => (table, None),
    };
    matches!(
        kind,
        "dependencies" | "dev-dependencies" | "build-dependencies"
    )
    .then_some(name)
}

/// The crate that `{ package = "store", … }` means, whatever it is called here.
fn renamed(value: &str) -> Option<String> {
    let (before, after) = value.split_once("package")?;
    let is_key = before.ends_with(['{', ',', ' ']);
    let name = after
        .trim_start()
        .strip_prefix('=')?
        .trim_start()
        .strip_prefix('"')?;
    is_key.then(|| name.split('"').next().unwrap_or_default().to_owned())
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

fn graph(edges: &[(&str, &[&str])]) -> Imports {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    edges
        .iter()
        .map(|(package, names)| ((*package).to_owned(), owned(names)))
        .collect()
}

#[test]
fn imports_that_point_down_are_fine() {
    let plan = graph(&[
        ("rawlog", &["memchr"]),
        ("analysis", &["traffic", "rawlog"]),
        ("traffic", &["rawlog", "jiff"]),
        ("store", &["traffic", "rawlog", "files"]),
        ("web", &["store", "report", "analysis"]),
        ("network-monitor", &["store", "report", "files", "web"]),
    ]);
    assert_eq!(faults(&plan), Vec::<String>::new());
}

#[test]
fn an_upward_import_is_a_fault() {
    let plan = graph(&[
        ("traffic", &["jiff", "store"]),
        ("rawlog", &["network-monitor"]),
    ]);
    assert_eq!(
        faults(&plan),
        [
            "rawlog (floor 1) imports upward: network-monitor (floor 8)",
            "traffic (floor 2) imports upward: store (floor 3)",
        ]
    );
}

#[test]
fn a_sideways_import_is_a_fault() {
    let plan = graph(&[
        ("report", &["settings", "analysis"]),
        ("analysis", &["store", "traffic"]),
        ("files", &["rawlog"]),
    ]);
    assert_eq!(
        faults(&plan),
        [
            "analysis (floor 3) imports sideways: store (floor 3)",
            "files (floor 1) imports sideways: rawlog (floor 1)",
            "report (floor 4) imports sideways: settings (floor 4)",
        ]
    );
}

#[test]
fn a_crate_without_a_floor_is_a_fault() {
    let plan = graph(&[("helpers", &[])]);
    assert_eq!(
        faults(&plan),
        ["helpers has no floor: give it one here and in ARCHITECTURE.md"]
    );
}

#[test]
fn every_way_to_write_a_dependency_is_read() {
    let text = r#"
        [package]
        name = "report"
        [lib]
        name = "other"
        [features]
        default = ["fleet"]
        [dependencies]
        traffic.workspace = true
        # store = "1"
        jiff = { version = "0.2", features = ["std"] }
        "rawlog" = { path = "../rawlog" }
        kept = { path = "../store", package = "store" }
        [dependencies.files]
        path = "../files"
        [dependencies.letters]
        package = "mail"
        [dev-dependencies]
        collector = "1"
        [build-dependencies] # comment
        web = "1"
        [target.'cfg(all(unix, target_arch = "x86_64"))'.dependencies]
        fleet = "1"
        [target."cfg(windows)".dev-dependencies.analysis]
        path = "../analysis"
        [profile.release]
        network-monitor = 1
    "#;
    let (package, dependencies) = read_manifest(text);
    assert_eq!(package, "report");
    let known: Vec<_> = dependencies
        .iter()
        .filter(|name| FLOORS.iter().any(|(known, _)| known == name))
        .collect();
    assert_eq!(
        known,
        [
            "traffic",
            "rawlog",
            "store",
            "files",
            "mail",
            "collector",
            "web",
            "fleet",
            "analysis",
        ]
    );
}
