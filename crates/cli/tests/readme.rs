//! What the README and the manual promise a reader who follows them: their commands exist, their links lead
//! somewhere, the picture is small.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PAGES: [&str; 3] = ["README.md", "docs/manual.md", "docs/performance.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The lines of a page's shell blocks, without comments.
fn shell_lines(page: &str) -> Vec<String> {
    let blocks = page.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or("").lines());
    let lines = lines.map(|line| line.split("  #").next().unwrap_or("").trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn the_first_two_commands_run_the_samples_and_the_tests() {
    let lines = shell_lines(&read("README.md"));
    assert_eq!(
        lines[..2],
        [
            "cargo run --release -- report --config examples/settings.yaml",
            "cargo test --workspace --locked"
        ]
    );
    assert!(read(".ci/run").contains(&format!("step {}\n", lines[1])));
}

#[test]
fn every_command_that_is_shown_exists_with_its_options() {
    let mut seen = 0;
    for page in PAGES {
        for line in shell_lines(&read(page)) {
            let Some(rest) = line.strip_prefix("network-monitor ") else {
                continue;
            };
            let is_name = |word: &&str| {
                word.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            };
            let words = rest.split_whitespace();
            let command: Vec<&str> = words
                .clone()
                .take_while(|word| is_name(word) && !word.starts_with('-'))
                .collect();
            let help = Command::new(env!("CARGO_BIN_EXE_network-monitor"))
                .args(&command)
                .arg("--help")
                .output()
                .expect("the program was built for this test");
            assert!(help.status.success(), "{page}: {line}");
            let help = String::from_utf8_lossy(&help.stdout);
            assert!(
                help.contains(&format!("network-monitor {}", command.join(" "))),
                "{page}: {line}"
            );
            for option in words.filter(|word| word.starts_with("--")) {
                assert!(help.contains(option), "{page}: {line}: {option}");
            }
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} commands");
}

#[test]
fn every_link_leads_to_a_file() {
    for page in PAGES {
        let text = read(page);
        let folder = root()
            .join(page)
            .parent()
            .expect("a page lies in a folder")
            .to_owned();
        for rest in text.split("](").skip(1) {
            let link = rest.split(')').next().unwrap_or("");
            let is_elsewhere = link.starts_with("https://");
            assert!(is_elsewhere || folder.join(link).exists(), "{page}: {link}");
        }
    }
}

#[test]
fn the_picture_is_small() {
    let picture = fs::read(root().join("docs/page.png")).expect("the README shows it");
    assert!(
        picture.starts_with(b"\x89PNG") && picture.len() < 150_000,
        "{} bytes",
        picture.len()
    );
}
