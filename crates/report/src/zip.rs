//! `reports_YYYYMMDD.zip`.

use std::io::{self, Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// How hard deflate looks for what repeats. The default, 6, takes twice the time for files a few per cent smaller.
const LEVEL: i64 = 3;

/// How files end that are compressed already.
const PACKED: &str = ".parquet";

/// Why no zip was written.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// The archive could not be made.
    #[error("the zip could not be written")]
    Zip(#[from] zip::result::ZipError),
    /// The writer failed.
    #[error("the zip could not be written")]
    Write(#[from] io::Error),
    /// Two files of one name.
    #[error("{name:?} is twice in the zip")]
    Twice {
        /// The name.
        name: String,
    },
    /// A name that would leave the folder it is unpacked to.
    #[error("{name:?} is not the name of a file")]
    Name {
        /// The name.
        name: String,
    },
}

/// Writes files (name, content) into a zip, in their order. Their times are all the first that a
/// zip can hold, 1980-01-01, so that the same files give the same bytes.
///
/// ```
/// let zip = report::write_zip(std::io::Cursor::new(Vec::new()), [("a.txt", b"a")]).unwrap();
/// assert_eq!(&zip.into_inner()[..2], b"PK");
/// ```
///
/// # Errors
/// The writer failed, a name occurs twice or is no plain name of a file.
pub fn write_zip<W, N, B>(writer: W, files: impl IntoIterator<Item = (N, B)>) -> Result<W, ZipError>
where
    W: Write + Seek,
    N: AsRef<str>,
    B: AsRef<[u8]>,
{
    let mut zip = ZipWriter::new(writer);
    let mut names: Vec<String> = Vec::new();
    for (name, content) in files {
        let (name, content) = (name.as_ref().to_owned(), content.as_ref());
        if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\\', '\0', ':']) {
            return Err(ZipError::Name { name });
        }
        if names.contains(&name) {
            return Err(ZipError::Twice { name });
        }
        let method = if name.ends_with(PACKED) {
            CompressionMethod::Stored
        } else {
            CompressionMethod::Deflated
        };
        let options = SimpleFileOptions::default()
            .compression_method(method)
            .compression_level((method == CompressionMethod::Deflated).then_some(LEVEL))
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            // Deflate can make what does not shrink a little longer.
            .large_file(content.len() as u64 > u64::from(u32::MAX) - (1 << 24));
        zip.start_file(name.as_str(), options)?;
        zip.write_all(content)?;
        names.push(name);
    }
    Ok(zip.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Read};

    #[test]
    fn a_zip_gives_back_its_files_and_is_the_same_each_time() {
        let files = [
            ("report_20260302.json", "{}".repeat(999)),
            ("report_20260302.csv", "ü".into()),
            ("report_20260302.parquet", "PAR1".repeat(99)),
        ];
        let write = || {
            write_zip(Cursor::new(Vec::new()), files.clone())
                .unwrap()
                .into_inner()
        };
        assert_eq!(write(), write());
        let mut zip = zip::ZipArchive::new(Cursor::new(write())).unwrap();
        for (at, (name, content)) in files.iter().enumerate() {
            let mut file = zip.by_index(at).unwrap();
            assert_eq!(file.name().unwrap(), *name);
            assert_eq!(file.last_modified().unwrap().year(), 1980);
            let is_stored = file.compression() == CompressionMethod::Stored;
            assert_eq!(is_stored, name.ends_with(PACKED));
            let mut read = String::new();
            file.read_to_string(&mut read).unwrap();
            assert_eq!(read, *content);
        }
    }

    #[test]
    fn a_name_that_leaves_its_folder_is_refused() {
        for name in ["../x", "/x", "a\\b", "", "..", "c:x"] {
            assert!(
                write_zip(Cursor::new(Vec::new()), [(name, "")]).is_err(),
                "{name}"
            );
        }
        assert!(write_zip(Cursor::new(Vec::new()), [("a", ""), ("a", "")]).is_err());
    }
}
