//! Writing an archive: what an old one holds stays as it is, and new members follow.
//!
//! A zip is copied and goes on where its directory began. In a tar.gz each member is a gzip member of
//! its own, and the two empty blocks at the end of the tar are the last one: the new archive is the
//! old one without its end, new members, and the end. A tar.gz that ends otherwise is packed anew.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use files::AtomicFile;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::name::Format;
use crate::target::Target;
use crate::{Result, unpack};

/// Size of a tar's blocks.
const BLOCK: u64 = 512;
/// From this size on a member of a zip needs 64 bits; deflate can make what does not shrink a
/// little longer.
const LARGE: u64 = u32::MAX as u64 - (1 << 24);

/// An archive being written.
pub(crate) enum Packer {
    Zip(Box<ZipWriter<Target<AtomicFile>>>),
    TarGz(AtomicFile),
}

impl Packer {
    /// Begins an archive with all that `old` holds.
    pub(crate) fn begin(file: AtomicFile, format: Format, old: Option<&Path>) -> Result<Self> {
        let target = file.target().to_owned();
        let begun = match (format, old) {
            (Format::Zip, None) => {
                Target::new(file).map(|file| Packer::Zip(Box::new(ZipWriter::new(file))))
            }
            (Format::Zip, Some(old)) => copy(old, u64::MAX, file).and_then(|file| {
                let zip = ZipWriter::new_append(Target::new(file)?)?;
                Ok(Packer::Zip(Box::new(zip)))
            }),
            (Format::TarGz, None) => Ok(Packer::TarGz(file)),
            (Format::TarGz, Some(old)) => match length_without_end(old) {
                Ok(Some(length)) => copy(old, length, file).map(Packer::TarGz),
                Ok(None) => return repack(old, Packer::TarGz(file)),
                Err(error) => Err(error),
            },
        };
        Ok(begun.map_err(files::Error::context("write", &target))?)
    }

    /// Adds `size` bytes as a member. What holds fewer is an error of kind `UnexpectedEof`.
    pub(crate) fn add(
        &mut self,
        name: &str,
        size: u64,
        modified: Timestamp,
        content: &mut dyn Read,
    ) -> io::Result<()> {
        let mut content = content.take(size);
        let copied = match self {
            Packer::Zip(zip) => {
                let options = SimpleFileOptions::default()
                    .compression_method(CompressionMethod::Deflated)
                    .last_modified_time(dos_time(modified))
                    .unix_permissions(0o644)
                    .large_file(size > LARGE)
                    .with_extended_timestamp(
                        u32::try_from(modified.as_second()).ok(),
                        None,
                        None,
                    )?;
                zip.start_file(name, options)?;
                io::copy(&mut content, zip)?
            }
            Packer::TarGz(file) => {
                let mut member = GzEncoder::new(file, Compression::default());
                member.write_all(&tar_head(name, size, modified)?)?;
                let copied = io::copy(&mut content, &mut member)?;
                let padding = size.next_multiple_of(BLOCK) - size;
                io::copy(&mut io::repeat(0).take(padding), &mut member)?;
                member.finish()?;
                copied
            }
        };
        if copied < size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Writes the end, and cuts off what an old end left behind it.
    pub(crate) fn finish(self) -> io::Result<AtomicFile> {
        let mut file = match self {
            Packer::Zip(zip) => zip.finish()?.into_file()?,
            Packer::TarGz(mut file) => {
                file.write_all(&tar_end()?)?;
                file
            }
        };
        let length = file.stream_position()?;
        file.file().set_len(length)?;
        file.file().sync_all()?;
        Ok(file)
    }
}

fn copy(old: &Path, length: u64, mut file: AtomicFile) -> io::Result<AtomicFile> {
    io::copy(&mut File::open(old)?.take(length), &mut file)?;
    Ok(file)
}

/// Packs all members of an old archive anew, one by one.
fn repack(old: &Path, mut packer: Packer) -> Result<Packer> {
    unpack::read(old, Format::TarGz, |entry, content| {
        let modified = entry.modified.unwrap_or_default();
        let added = packer.add(&entry.name, entry.size, modified, content);
        Ok(added.map_err(files::Error::context("pack anew", old))?)
    })?;
    Ok(packer)
}

/// Bytes of a tar.gz before its end, where it ends as ours do.
fn length_without_end(old: &Path) -> io::Result<Option<u64>> {
    let end = tar_end()?;
    let mut file = File::open(old)?;
    let Some(length) = file.metadata()?.len().checked_sub(end.len() as u64) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(length))?;
    let mut found = Vec::new();
    file.read_to_end(&mut found)?;
    Ok((found == end).then_some(length))
}

/// The two empty blocks that end a tar, as a gzip member.
fn tar_end() -> io::Result<Vec<u8>> {
    let mut member = GzEncoder::new(Vec::new(), Compression::default());
    member.write_all(&[0; 2 * BLOCK as usize])?;
    member.finish()
}

/// The blocks before a member's content; a long name has blocks of its own.
fn tar_head(name: &str, size: u64, modified: Timestamp) -> io::Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(0o644);
    header.set_mtime(u64::try_from(modified.as_second()).unwrap_or(0));
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_data(&mut header, name, io::empty())?;
    Ok(builder.get_ref().clone())
}

/// A time as a zip's own field holds it: UTC, two seconds fine, from 1980. The exact one stands in an
/// extra field.
fn dos_time(time: Timestamp) -> DateTime {
    let time = time.to_zoned(jiff::tz::TimeZone::UTC);
    let small = |value: i8| u8::try_from(value).unwrap_or(0);
    DateTime::from_date_and_time(
        u16::try_from(time.year()).unwrap_or(0),
        small(time.month()),
        small(time.day()),
        small(time.hour()),
        small(time.minute()),
        small(time.second()),
    )
    .unwrap_or_default()
}
