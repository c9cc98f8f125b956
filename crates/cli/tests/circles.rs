//! Holds that no files of a crate import each other in a circle.
//!
//! Two files that need each other are one file in two pieces: neither can be read, tested or moved
//! without the other. The compiler allows that inside a crate; this reads the sources and does not.
//!
//! The law: a file imports another if its code names something that is defined there, by a `use` or
//! by a path (`crate::…`, `self::…`, `super::…`, or a child module's name). Names are followed
//! through re-exports and imports to the file that defines them, so a file that takes a name from
//! `lib.rs` imports the file that `lib.rs` has it from. A re-export alone (`pub use`) imports
//! nothing unless the file uses the name itself: files that only declare and re-export are never
//! part of a circle. A parent and its child are two files like any others: either the parent uses
//! the child's functions, or the child uses what the parent defines; what both need lies in a third
//! file. Methods that a child file adds to its parent's type count as the child's import alone.
//! Tests are free.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// Every file of a crate: its module's path (`fold::book`, empty for `lib.rs`) and its text.
type Sources = BTreeMap<String, String>;

#[test]
fn no_files_of_a_crate_import_each_other_in_a_circle() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut faults = Vec::new();
    for folder in fs::read_dir(crates).expect("the workspace has a folder of crates") {
        let folder = folder.expect("a checkout is readable").path();
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else {
            continue;
        };
        let name = manifest
            .lines()
            .find_map(|line| line.strip_prefix("name = "))
            .expect("a crate has a name")
            .trim_matches('"');
        let mut sources = Sources::new();
        read_folder(&folder.join("src"), "", &mut sources);
        assert!(!sources.is_empty(), "{name} has no sources");
        let circles = circles(&sources);
        faults.extend(circles.iter().map(|circle| format!("{name}: {circle}")));
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn read_folder(folder: &Path, module: &str, sources: &mut Sources) {
    for entry in fs::read_dir(folder).expect("a crate has sources") {
        let path = entry.expect("a checkout is readable").path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let child = match stem.as_ref() {
            "lib" | "mod" => module.to_owned(),
            stem => joined(module, stem),
        };
        if path.is_dir() {
            read_folder(&path, &child, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source is text");
            sources.insert(child, text);
        }
    }
}

/// Says of each circle which file imports what from which, all on one line.
fn circles(sources: &Sources) -> Vec<String> {
    let graph = Graph::new(sources);
    let imports = graph.imports();
    let reach: BTreeMap<&str, BTreeSet<&str>> = (imports.keys())
        .map(|file| (file.as_str(), reachable(file, &imports)))
        .collect();
    let mut circles = Vec::new();
    let mut placed = BTreeSet::new();
    for (&file, reached) in &reach {
        let circle: Vec<_> = (reached.iter().copied())
            .filter(|other| reach[other].contains(file))
            .collect();
        if circle.is_empty() || !placed.insert(file) {
            continue;
        }
        placed.extend(&circle);
        let steps = (circle.iter()).flat_map(|from| {
            let inside = (imports[*from].iter()).filter(|(to, _)| circle.contains(&to.as_str()));
            inside.map(move |(to, names)| {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                format!("{from} -> {to} ({})", names.join(" "))
            })
        });
        circles.push(steps.collect::<Vec<_>>().join(", "));
    }
    circles
}

/// What each file imports: from which files, and which names.
type Imports = BTreeMap<String, BTreeMap<String, BTreeSet<String>>>;

fn reachable<'a>(file: &str, imports: &'a Imports) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next = vec![file];
    while let Some(file) = next.pop() {
        for other in imports[file].keys() {
            if reached.insert(other.as_str()) {
                next.push(other);
            }
        }
    }
    reached
}

/// The files of a crate as the law sees them.
struct Graph {
    files: BTreeMap<String, File>,
}

/// One file, without comments, literals and tests.
#[derive(Default)]
struct File {
    uses: Vec<Use>,
    /// Paths outside of `use`, of two names or more.
    paths: BTreeSet<Vec<String>>,
    /// Every name outside of `use` that may mean an imported thing.
    names: BTreeSet<String>,
    /// Modules that are declared for tests.
    tests: Vec<String>,
}

/// One name that a `use` brings, `*` for all.
struct Use {
    path: Vec<String>,
    name: String,
    is_reexport: bool,
}

impl Graph {
    fn new(sources: &Sources) -> Graph {
        let mut files: BTreeMap<String, File> = (sources.iter())
            .map(|(module, text)| (module.clone(), File::read(text)))
            .collect();
        let tests: BTreeSet<String> = (files.iter())
            .flat_map(|(module, file)| file.tests.iter().map(|test| joined(module, test)))
            .collect();
        files.retain(|module, _| {
            !tests.contains(module) && !module.split("::").any(|name| name == "tests")
        });
        Graph { files }
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, file) in &self.files {
            let from = imports.entry(module.clone()).or_default();
            let used = (file.uses.iter())
                .filter(|used| !used.is_reexport || file.names.contains(&used.name))
                .map(|used| &used.path);
            for path in used.chain(&file.paths) {
                if let Some((other, name)) = self.definer(module, path, 0)
                    && other != *module
                {
                    from.entry(other).or_default().insert(name);
                }
            }
        }
        imports
    }

    /// The file that defines what a path in a module means, and the name it has there. Nothing for
    /// other crates.
    fn definer(&self, module: &str, path: &[String], steps: usize) -> Option<(String, String)> {
        // Imports that only lead to each other do not compile; this need not follow them for ever.
        if steps > 20 {
            return None;
        }
        let mut path = path.iter();
        let first = path.next()?;
        let mut at = match first.as_str() {
            "crate" => String::new(),
            "self" => module.to_owned(),
            "super" => parent(module),
            name if self.files.contains_key(&joined(module, name)) => joined(module, name),
            name => {
                let used = self.files[module]
                    .uses
                    .iter()
                    .find(|used| used.name == name)?;
                if used.path[0] == *name {
                    return None;
                }
                let (other, _) = self.definer(module, &used.path, steps + 1)?;
                if !other.ends_with(name) {
                    // A type: its items are where it is.
                    return Some((other, name.to_owned()));
                }
                other
            }
        };
        for name in path {
            let child = joined(&at, name);
            if name == "super" {
                at = parent(&at);
            } else if self.files.contains_key(&child) {
                at = child;
            } else if name == "self" {
                break;
            } else {
                let file = self.files.get(&at)?;
                let used = (file.uses.iter())
                    .find(|used| used.name == *name)
                    .and_then(|used| self.definer(&at, &used.path, steps + 1));
                return used.or(Some((at, name.clone())));
            }
        }
        Some((at, "the module".to_owned()))
    }
}

impl File {
    fn read(text: &str) -> File {
        let tokens = tokens(text);
        let mut file = File::default();
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            if rest.starts_with(&["#", "[", "cfg", "(", "test", ")", "]"]) {
                let length = item(rest);
                let is_module = |pair: &[&str]| pair[0] == "mod";
                let declared = rest[..length].windows(2).find(|pair| is_module(pair));
                file.tests.extend(declared.map(|pair| pair[1].to_owned()));
                at += length;
            } else if rest[0] == "use" {
                let end = rest.iter().position(|token| *token == ";");
                let end = end.unwrap_or(rest.len());
                let is_reexport = at > 0 && matches!(tokens[at - 1], "pub" | ")");
                let mut tree = rest[1..end].iter().copied().peekable();
                read_use(&mut tree, &[], is_reexport, &mut file.uses);
                at += end;
            } else if is_name(rest[0]) {
                let mut path = vec![rest[0].to_owned()];
                let mut length = 1;
                while rest.get(length) == Some(&"::")
                    && let Some(name) = rest.get(length + 1).filter(|name| is_name(name))
                {
                    path.push((*name).to_owned());
                    length += 2;
                }
                let before = at.checked_sub(1).map_or("", |before| tokens[before]);
                // A method and a field may have the name of something else.
                if !matches!(before, "." | "fn" | "mod") && rest.get(length) != Some(&":") {
                    file.names.extend(path.iter().cloned());
                }
                if path.len() > 1 && !matches!(before, "::" | ".") {
                    file.paths.insert(path);
                }
                at += length;
            } else {
                at += 1;
            }
        }
        file
    }
}

/// Reads one branch of a `use`: `a::{b, c as d, e::*}`.
fn read_use(tokens: &mut Tokens<'_>, before: &[String], is_reexport: bool, uses: &mut Vec<Use>) {
    let mut path = before.to_vec();
    let mut name = String::new();
    while let Some(token) = tokens.next() {
        match token {
            "::" => continue,
            "{" => {
                while let Some(&next) = tokens.peek() {
                    match next {
                        "}" => break,
                        "," => drop(tokens.next()),
                        _ => read_use(tokens, &path, is_reexport, uses),
                    }
                }
                tokens.next();
                return;
            }
            "as" => name = tokens.next().unwrap_or_default().to_owned(),
            // `a::{self, b}`
            "self" if !path.is_empty() => name = path[path.len() - 1].clone(),
            _ => {
                name = token.to_owned();
                path.push(name.clone());
            }
        }
        if !matches!(tokens.peek(), Some(&("::" | "as"))) {
            break;
        }
    }
    uses.push(Use {
        path,
        name,
        is_reexport,
    });
}

/// What a `use` holds, token by token.
type Tokens<'a> = std::iter::Peekable<std::iter::Copied<std::slice::Iter<'a, &'a str>>>;

/// How many tokens an item has, with the attributes before it.
fn item(tokens: &[&str]) -> usize {
    let mut depth = 0_u32;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            "}" => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            ";" if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// Names, `::` and single signs; no comments and no literals.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if let Some(length) = skipped(rest) {
            rest = &rest[length..];
            continue;
        } else if is_name(rest) {
            let end = rest.find(|sign: char| !sign.is_alphanumeric() && sign != '_');
            end.unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        tokens.push(&rest[..length]);
        rest = &rest[length..];
    }
    tokens
}

/// The length of a blank, comment or literal at the start of a text.
fn skipped(text: &str) -> Option<usize> {
    let through = |end: &str, from: usize| {
        let found = text.get(from..).and_then(|rest| rest.find(end));
        found.map_or(text.len(), |at| from + at + end.len())
    };
    let first = text.chars().next()?;
    if first.is_whitespace() {
        return Some(first.len_utf8());
    }
    if text.starts_with("//") {
        return Some(through("\n", 2));
    }
    if text.starts_with("/*") {
        return Some(through("*/", 2));
    }
    if let Some(after) = text.strip_prefix('\'') {
        // A lifetime has no second quote.
        let mut signs = after.char_indices().skip(1);
        return match (after.chars().next()?, signs.next()?) {
            ('\\', _) => Some(through("'", 3)),
            (_, (at, '\'')) => Some(at + 2),
            _ => Some(1),
        };
    }
    // A literal of bytes, a raw one, or both.
    let plain = text.trim_start_matches(['b', 'c']);
    let raw = plain.strip_prefix('r').unwrap_or(plain);
    let quoted = raw.trim_start_matches('#');
    if text.len() - plain.len() > 1 || !quoted.starts_with('"') {
        return None;
    }
    let start = text.len() - quoted.len() + 1;
    if raw.len() < plain.len() {
        let hashes = "#".repeat(raw.len() - quoted.len());
        return Some(through(&format!("\"{hashes}"), start));
    }
    let mut is_escaped = false;
    for (at, sign) in text[start..].char_indices() {
        match sign {
            '"' if !is_escaped => return Some(start + at + 1),
            _ => is_escaped = sign == '\\' && !is_escaped,
        }
    }
    Some(text.len())
}

fn is_name(token: &str) -> bool {
    token.starts_with(|sign: char| sign.is_alphabetic() || sign == '_')
}

fn joined(module: &str, name: &str) -> String {
    match module {
        "" => name.to_owned(),
        _ => format!("{module}::{name}"),
    }
}

fn parent(module: &str) -> String {
    let parent = module.rsplit_once("::").map_or("", |(parent, _)| parent);
    parent.to_owned()
}

fn found(files: &[(&str, &str)]) -> Vec<String> {
    let sources = files.iter();
    circles(
        &sources
            .map(|(module, text)| ((*module).to_owned(), (*text).to_owned()))
            .collect(),
    )
}

#[test]
fn imports_that_lead_one_way_are_fine() {
    let facade = "mod a; mod b; mod c; pub use a::{A, Other}; pub use b::B;";
    let none = found(&[
        ("", facade),
        (
            "a",
            "use crate::B; use std::fmt; pub struct A(B, crate::c::C);",
        ),
        ("b", "use super::c; pub struct B(c::C);"),
        (
            "c",
            "mod part; use part::made; pub struct C; /* crate::A */ // use crate::A;",
        ),
        (
            "c::part",
            "pub(super) fn made() -> &'static str { \"crate::A\" }",
        ),
    ]);
    assert_eq!(none, Vec::<String>::new());
}

#[test]
fn a_circle_of_two_is_found_through_the_facade() {
    let circle = found(&[
        ("", "mod a; mod b; pub use a::A; pub(crate) use b::*;"),
        (
            "a",
            "use crate::{b::{self, made}, other::Thing}; pub struct A;",
        ),
        ("b", "pub(crate) fn made(_: &crate::A) {}"),
    ]);
    assert_eq!(circle, ["a -> b (made the module), b -> a (A)"]);
}

#[test]
fn a_circle_of_three_is_found() {
    let circle = found(&[
        ("", "mod a; mod b; mod c; mod d;"),
        ("a", "fn one() { crate::b::two(r#\"\"\"#, '\"', b'\\''); }"),
        ("b", "use super::c::three as four; fn two() { four() }"),
        ("c", "use crate::a; fn three<'a>() { a::one() }"),
        ("d", "use crate::a::one;"),
    ]);
    assert_eq!(
        circle,
        ["a -> b (two), b -> c (three), c -> a (one the module)"]
    );
}

#[test]
fn a_parent_and_its_child_are_two_files() {
    let child = ("a::part", "use super::A; impl A { fn more(&self) {} }");
    let methods = ("a", "mod part; pub struct A; fn all(a: &A) { a.more() }");
    assert_eq!(found(&[methods, child]), Vec::<String>::new());
    let calls = ("a", "mod part; pub struct A; fn all() { part::made() }");
    assert_eq!(
        found(&[calls, child]),
        ["a -> a::part (made), a::part -> a (A)"]
    );
    let reexports = ("a", "mod part; pub use part::Made; pub struct A;");
    assert_eq!(found(&[reexports, child]), Vec::<String>::new());
    let uses = ("a", "mod part; pub use part::Made; pub struct A(Made);");
    assert_eq!(
        found(&[uses, child]),
        ["a -> a::part (Made), a::part -> a (A)"]
    );
    let passes = ("a", "mod part; use crate::b::A; fn all() { part::made(A) }");
    assert_eq!(
        found(&[passes, child, ("b", "pub struct A;")]),
        Vec::<String>::new()
    );
}

#[test]
fn tests_are_free() {
    let files = [
        (
            "a",
            "#[cfg(test)] mod tests { use crate::b; } #[cfg(test)] mod proof; fn one() {}",
        ),
        (
            "b",
            "use crate::a; #[cfg(test)] use super::c::X; fn two() { a::one() }",
        ),
        ("c", "use crate::b; use crate::a::proof; fn three() {}"),
        ("a::proof", "use crate::c;"),
        ("a::tests::more", "use crate::c;"),
    ];
    assert_eq!(found(&files), Vec::<String>::new());
}
