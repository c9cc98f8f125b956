//! Shell completions and manual pages, made from the command line's own description.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;

/// Writes the completions for a shell.
pub fn write_completions(shell: Shell, out: &mut dyn Write) -> io::Result<()> {
    // The generator expects a writer that never fails, a pipe may; so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "network-monitor", &mut script);
    out.write_all(&script)
}

/// Writes the manual page of the program.
pub fn write_manual_page(out: &mut dyn Write) -> io::Result<()> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page)?;
    out.write_all(as_typed(&String::from_utf8_lossy(&page)).as_bytes())
}

/// A page whose examples and tables keep their lines: what stands behind the options of a command is
/// laid out already, and the generator lets it be filled.
fn as_typed(page: &str) -> String {
    const HEAD: &str = ".SH EXTRA\n";
    let Some((before, behind)) = page.split_once(HEAD) else {
        return page.to_owned();
    };
    let (extra, rest) = behind.split_at(behind.find("\n.SH ").map_or(behind.len(), |end| end + 1));
    format!("{before}.SH NOTES\n.nf\n{extra}.fi\n{rest}")
}

/// Writes a manual page for the program and for each command to a folder, which is made where it
/// is missing. Returns the files.
pub fn write_manual_pages(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(Args::command(), folder)?;
    let mut pages = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("network-monitor") && name.ends_with(".1") {
            let page = fs::read_to_string(&path)?;
            fs::write(&path, as_typed(&page))?;
            pages.push(path);
        }
    }
    pages.sort();
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn every_shell_gets_completions_that_know_the_commands() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            write_completions(*shell, &mut script).unwrap();
            let script = String::from_utf8(script).unwrap();
            assert!(
                script.contains("report") && script.contains("dry-run"),
                "{shell}"
            );
        }
    }

    #[test]
    fn the_manual_page_names_options_and_exit_codes() {
        let mut page = Vec::new();
        write_manual_page(&mut page).unwrap();
        let page = String::from_utf8(page).unwrap();
        assert!(page.contains("log\\-format") && page.contains("another run holds the store"));
        assert!(
            page.contains(".SH NOTES\n.nf\nExamples:\n") && page.contains("\n.fi\n.SH VERSION")
        );
    }

    #[test]
    fn a_folder_gets_one_page_for_each_command() {
        let folder = tempfile::tempdir().unwrap();
        let pages = write_manual_pages(&folder.path().join("man1")).unwrap();
        let names: Vec<_> = pages
            .iter()
            .map(|page| page.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        for name in [
            "network-monitor.1",
            "network-monitor-report.1",
            "network-monitor-config-show.1",
        ] {
            assert!(
                names.iter().any(|page| page == name),
                "{name} is not in {names:?}"
            );
        }
    }
}
