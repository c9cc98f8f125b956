use super::*;
use tempfile::tempdir;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn new_content_replaces_the_old_and_leaves_nothing_beside_it() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("report.json");
    for text in ["one", "another"] {
        write_atomically(&path, None, |out| out.write_all(text.as_bytes())).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(names(folder.path()), ["report.json"]);
}

#[test]
fn a_failed_writer_leaves_the_old_file_and_no_temporary_one() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("report.json");
    fs::write(&path, "old").unwrap();
    let error = write_atomically(&path, None, |out| {
        out.write_all(&[0; 200_000])?;
        Err(io::ErrorKind::StorageFull.into())
    })
    .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(
        error.to_string(),
        format!("cannot write {}: no storage space", path.display())
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "old");
    assert_eq!(names(folder.path()), ["report.json"]);
}

#[test]
fn a_refused_rename_leaves_no_temporary_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("taken");
    fs::create_dir_all(path.join("by a folder")).unwrap();
    write_atomically(&path, None, |out| out.write_all(b"x")).unwrap_err();
    assert_eq!(names(folder.path()), ["taken"]);
}

#[test]
fn a_file_that_is_not_committed_is_gone() {
    let folder = tempdir().unwrap();
    let mut file = AtomicFile::create(&folder.path().join("x"), None).unwrap();
    file.write_all(b"half").unwrap();
    assert!(is_temporary_name(
        file.temporary_path().file_name().unwrap()
    ));
    drop(file);
    assert!(names(folder.path()).is_empty());
}

#[test]
fn a_writer_can_seek_and_read_back_before_the_commit() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x.parquet");
    let mut file = AtomicFile::create(&path, None).unwrap();
    file.write_all(b"????body").unwrap();
    file.rewind().unwrap();
    file.write_all(b"head").unwrap();
    assert_eq!(fs::read(file.temporary_path()).unwrap(), b"headbody");
    assert!(!path.exists());
    file.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"headbody");
}

#[test]
fn a_temporary_folder_on_the_same_filesystem_is_used() {
    let folder = tempdir().unwrap();
    let (to, via) = (folder.path().join("to"), folder.path().join("via"));
    create_folder(&to).unwrap();
    create_folder(&via).unwrap();
    let file = AtomicFile::create(&to.join("x"), Some(&via)).unwrap();
    assert_eq!(file.temporary_path().parent(), Some(via.as_path()));
    file.commit().unwrap();
    assert_eq!((names(&to), names(&via)), (vec!["x".to_owned()], vec![]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_temporary_folder_on_another_filesystem_is_refused_before_the_writing() {
    let folder = tempdir().unwrap();
    let error = AtomicFile::create(&folder.path().join("x"), Some(Path::new("/proc"))).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot write temporary files in /proc: it is not on"),
        "{error}"
    );
    assert_eq!(error.kind(), io::ErrorKind::CrossesDevices);
}

#[test]
fn a_missing_folder_is_named() {
    let error = write_atomically(Path::new("/nowhere/x"), None, |_| Ok(())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot create a temporary file in /nowhere: no such file or directory"
    );
}

#[cfg(unix)]
#[test]
fn a_new_file_has_the_mode_of_any_new_file_and_a_replaced_one_keeps_its_own() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempdir().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let ordinary = folder.path().join("ordinary");
    File::create(&ordinary).unwrap();
    let path = folder.path().join("x");
    write_atomically(&path, None, |_| Ok(())).unwrap();
    assert_eq!(mode(&path), mode(&ordinary));
    for kept in [0o600, 0o640, 0o444, 0o666] {
        fs::set_permissions(&path, Permissions::from_mode(kept)).unwrap();
        write_atomically(&path, None, |_| Ok(())).unwrap();
        assert_eq!(mode(&path), kept);
    }
}

#[cfg(unix)]
#[test]
fn a_link_is_replaced_and_its_target_left_alone() {
    let folder = tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("link"));
    fs::write(&target, "target").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    write_atomically(&link, None, |out| out.write_all(b"new")).unwrap();
    assert_eq!(fs::read_to_string(&target).unwrap(), "target");
    assert!(fs::symlink_metadata(&link).unwrap().is_file());
}

#[test]
fn a_sweep_takes_only_what_has_our_exact_pattern() {
    let folder = tempdir().unwrap();
    let stray = ".network-monitor-AbCdEf012345.tmp";
    let kept = [
        ".network-monitor-AbCdEf01234.tmp",
        ".network-monitor-AbCdEf0123456.tmp",
        ".network-monitor-AbCdEf01234é.tmp",
        ".network-monitor-AbCdEf012345.tmp.log",
        ".network-monitor-AbCdEf_12345.tmp",
        ".tmpAbCdEf012345",
        "network-monitor-AbCdEf012345.tmp",
    ];
    for name in kept.iter().chain([&stray]) {
        fs::write(folder.path().join(name), "").unwrap();
    }
    fs::create_dir(folder.path().join(".network-monitor-000000000000.tmp")).unwrap();
    assert_eq!(
        sweep_temporaries(folder.path()).unwrap(),
        [folder.path().join(stray)]
    );
    assert_eq!(names(folder.path()).len(), kept.len() + 1);
    assert!(sweep_temporaries(folder.path()).unwrap().is_empty());
}

#[test]
fn a_sweep_leaves_a_file_that_is_being_written() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("x");
    let mut file = AtomicFile::create(&path, None).unwrap();
    file.write_all(b"still here").unwrap();
    assert!(sweep_temporaries(folder.path()).unwrap().is_empty());
    file.commit().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"still here");
}

#[test]
fn writers_and_sweeps_at_the_same_time_lose_nothing() {
    let folder = tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let folder = folder.path();
            scope.spawn(move || {
                for number in 0..100 {
                    let path = folder.join(format!("{writer}-{number}"));
                    write_atomically(&path, None, |out| out.write_all(b"x")).unwrap();
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..300 {
                sweep_temporaries(folder.path()).unwrap();
            }
        });
    });
    assert_eq!(names(folder.path()).len(), 200);
}

#[test]
fn a_missing_folder_has_nothing_to_sweep() {
    assert!(sweep_temporaries(Path::new("/nowhere")).unwrap().is_empty());
}

#[test]
fn folders_are_created_down_to_the_last_and_twice_is_harmless() {
    let folder = tempdir().unwrap();
    let deep = folder.path().join("date=2026-03-02/host=web1");
    create_folder(&deep).unwrap();
    create_folder(&deep).unwrap();
    assert!(deep.is_dir());
    fs::write(deep.join("file"), "").unwrap();
    let error = create_folder(&deep.join("file/below")).unwrap_err();
    assert!(
        error.to_string().contains("cannot create the folder"),
        "{error}"
    );
}
