//! Accounts of a Unix machine, read from its files, and what owner, group and mode let them do.
//!
//! Lists of access rights beyond the mode are not looked at: they are rare, and only ever allow more.

use std::fs::Metadata;
use std::path::{Path, PathBuf};

/// The account that the system's services run as.
pub const SERVICE: &str = "network-monitor";

/// An account and its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name; its number where it has none.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// The number of its own group.
    pub gid: u32,
    groups: Vec<u32>,
}

/// What is to be done with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read a file, or to list a folder.
    Read,
    /// To write a file, or to make files in a folder and remove them.
    Write,
}

impl Account {
    /// An account by its name. `None` if the machine below `root` has none of the name.
    pub fn named(root: &Path, name: &str) -> Option<Self> {
        Self::find(root, |fields| fields.first() == Some(&name))
    }

    /// The account of this process, on Linux.
    pub fn of_this_process(root: &Path) -> Option<Self> {
        let uid = owner(&std::fs::metadata("/proc/self").ok()?).0;
        let number = uid.to_string();
        let known = Self::find(root, |fields| fields.get(2) == Some(&number.as_str()));
        Some(known.unwrap_or_else(|| Self {
            name: number,
            uid,
            gid: uid,
            groups: Vec::new(),
        }))
    }

    fn find(root: &Path, is_it: impl Fn(&[&str]) -> bool) -> Option<Self> {
        let users = std::fs::read_to_string(root.join("etc/passwd")).ok()?;
        let fields: Vec<&str> = users
            .lines()
            .map(|line| line.split(':').collect::<Vec<_>>())
            .find(|fields| is_it(fields))?;
        let name = (*fields.first()?).to_owned();
        let all_groups = std::fs::read_to_string(root.join("etc/group")).unwrap_or_default();
        let groups = all_groups.lines().filter_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let is_member = fields.get(3)?.split(',').any(|member| member == name);
            is_member.then(|| fields.get(2)?.parse().ok())?
        });
        Some(Self {
            uid: fields.get(2)?.parse().ok()?,
            gid: fields.get(3)?.parse().ok()?,
            groups: groups.collect(),
            name,
        })
    }

    /// The first file or folder on the way to a path that keeps the account from it, from the top.
    /// `None` if nothing does; what does not exist is judged by the nearest folder that does.
    pub fn obstacle(&self, path: &Path, access: Access) -> Option<PathBuf> {
        let mut way: Vec<&Path> = path.ancestors().filter(|at| at.exists()).collect();
        way.reverse();
        let (last, above) = way.split_last()?;
        let access = if *last == path {
            access
        } else {
            // It would have to be made there.
            Access::Write
        };
        let closed = above.iter().find(|at| !self.may(at, 0o1));
        let wanted = match (access, last.is_dir()) {
            (Access::Read, false) => 0o4,
            (Access::Read, true) => 0o5,
            (Access::Write, false) => 0o2,
            (Access::Write, true) => 0o3,
        };
        closed
            .or_else(|| Some(last).filter(|last| !self.may(last, wanted)))
            .map(|at| at.to_path_buf())
    }

    /// Whether the bits of `wanted` (4 read, 2 write, 1 enter) are this account's.
    fn may(&self, path: &Path, wanted: u32) -> bool {
        let Ok(metadata) = std::fs::metadata(path) else {
            return false;
        };
        let (uid, gid, mode) = owner(&metadata);
        let bits = if self.uid == uid {
            mode >> 6
        } else if self.gid == gid || self.groups.contains(&gid) {
            mode >> 3
        } else {
            mode
        };
        self.uid == 0 || bits & wanted == wanted
    }
}

/// User, group and mode.
#[cfg(unix)]
pub fn owner(metadata: &Metadata) -> (u32, u32, u32) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.uid(), metadata.gid(), metadata.mode())
}

/// Without owners, everything is everybody's.
#[cfg(not(unix))]
pub fn owner(_: &Metadata) -> (u32, u32, u32) {
    (0, 0, 0o777)
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    fn machine() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(root.path().join("etc")).unwrap();
        let passwd = "root:x:0:0::/root:/bin/sh\nada:x:1001:1002::/home/ada:/bin/sh\nbroken\n";
        fs::write(root.path().join("etc/passwd"), passwd).unwrap();
        fs::write(
            root.path().join("etc/group"),
            "ada:x:1002:\nadm:x:4:bob,ada\nx\n",
        )
        .unwrap();
        root
    }

    #[test]
    fn an_account_has_its_number_and_all_its_groups() {
        let root = machine();
        let ada = Account::named(root.path(), "ada").unwrap();
        assert_eq!((ada.uid, ada.gid, ada.groups), (1001, 1002, vec![4]));
        assert_eq!(Account::named(root.path(), "broken"), None);
        assert_eq!(Account::named(root.path(), "bob"), None);
        assert!(Account::of_this_process(root.path()).is_some());
    }

    #[test]
    fn the_first_closed_door_on_the_way_is_named() {
        let root = machine();
        let ada = Account::named(root.path(), "ada").unwrap();
        let folder = root.path().join("etc/a/b");
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("file");
        fs::write(&file, "x").unwrap();
        // Whoever runs the tests owns these, ada does not.
        let close = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        close(&file, 0o644);
        close(&folder, 0o755);
        assert_eq!(ada.obstacle(&file, Access::Read), None);
        assert_eq!(ada.obstacle(&file, Access::Write), Some(file.clone()));
        let new = folder.join("new/deep");
        assert_eq!(ada.obstacle(&new, Access::Read), Some(folder.clone()));
        close(&folder, 0o777);
        assert_eq!(ada.obstacle(&new, Access::Read), None);
        let above = root.path().join("etc/a");
        close(&above, 0o700);
        assert_eq!(ada.obstacle(&file, Access::Read), Some(above.clone()));
        let root_user = Account::named(root.path(), "root").unwrap();
        assert_eq!(root_user.obstacle(&file, Access::Write), None);
        close(&above, 0o755);
    }
}
