//! Carries out a plan, step by step. A step that was interrupted is done again by the next run.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::Command;

use files::AtomicFile;

use super::plan::Step;
use super::target::{SetupScope, Target};
use crate::accounts::{Account, SERVICE};
use crate::error::{Error, Result};
use settings::SYSTEM_FOLDER;

/// Does one step.
///
/// # Errors
/// If the system refuses, most often because another user has to ask for it.
pub fn carry_out(step: &Step, target: &Target) -> Result<()> {
    let account = Account::named(&target.root, SERVICE);
    let account = account.filter(|_| target.scope == SetupScope::System);
    match step {
        Step::Account => make_account(&target.root),
        Step::Folder(path) => make_folder(path, account.as_ref()),
        Step::File { path, text, mode } => {
            if let Some(folder) = path.parent() {
                files::create_folder(folder)?;
            }
            let mut file = AtomicFile::create(path, None)?;
            file.write_all(text.as_bytes())
                .and_then(|()| {
                    give(
                        file.file(),
                        account.as_ref().map(|_| 0),
                        account.as_ref(),
                        *mode,
                    )
                })
                .map_err(files::Error::context("write", path))?;
            Ok(file.commit()?)
        }
        Step::Share(path) => {
            let shared =
                fs::File::open(path).and_then(|file| give(&file, None, account.as_ref(), 0o640));
            Ok(shared.map_err(files::Error::context("share", path))?)
        }
        Step::Present(_) | Step::Kept(..) => Ok(()),
    }
}

fn make_folder(path: &Path, account: Option<&Account>) -> Result<()> {
    files::create_folder(path)?;
    let Some(account) = account else {
        return Ok(());
    };
    let given = fs::File::open(path)
        .and_then(|folder| give(&folder, Some(account.uid), Some(account), 0o750));
    Ok(given.map_err(files::Error::context("hand over", path))?)
}

/// Sets mode and owner of what was just made; the group is the account's.
#[cfg(unix)]
fn give(file: &fs::File, uid: Option<u32>, account: Option<&Account>, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::{PermissionsExt as _, fchown};
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    match account {
        Some(account) => fchown(file, uid, Some(account.gid)),
        None => Ok(()),
    }
}

#[cfg(not(unix))]
fn give(_: &fs::File, _: Option<u32>, _: Option<&Account>, _: u32) -> io::Result<()> {
    Ok(())
}

/// Makes the account that the services run as.
fn make_account(root: &Path) -> Result<()> {
    let mut command = Command::new("useradd");
    if root != Path::new("/") {
        command.arg("--prefix").arg(root);
    }
    command.args(["--system", "--user-group", "--no-create-home"]);
    command.args(["--home-dir", SYSTEM_FOLDER, "--shell", "/usr/sbin/nologin"]);
    let made = command.arg(SERVICE).output();
    let reason = match &made {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => files::describe(error),
    };
    Err(Error::Step(format!(
        "useradd cannot create the user {SERVICE}: {reason}; run setup as root, or create the user and a \
         group of its name yourself, and run setup again"
    )))
}
