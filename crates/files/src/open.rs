//! Reading one log, whatever it is compressed or encoded with.
//!
//! The first bytes decide, never the name. What the text means belongs to `rawlog`.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::time::SystemTime;

use flate2::bufread::GzDecoder;

use crate::discover::FileIdentity;
use crate::error::{Error, Result};
use crate::kind;
use crate::utf16::{ByteOrder, Utf16Reader};

const BUFFER: usize = 64 << 10;
const MAGIC: usize = 4;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// How far compressed data may grow, so that a small file cannot keep us busy for hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Output up to this many bytes is always given.
    ///
    /// An idle bandwhich writes 26 bytes a second, and zstd packs a month of that to 6 kB, ten
    /// thousand times smaller. The default of 1 GiB lets a year of it pass.
    pub allowance: u64,
    /// Past the allowance, output may be this many times the compressed size. Default 1000.
    pub max_expansion: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            allowance: 1 << 30,
            max_expansion: 1000,
        }
    }
}

/// How a log is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    Plain,
    /// gzip, of any number of members (RFC 1952).
    Gzip,
    /// zstd, of any number of frames (RFC 8878).
    Zstd,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }
}

/// How a log's text was encoded on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// Bytes handed on as they are; a UTF-8 byte order mark stays for the parser.
    Utf8,
    /// UTF-16 with its low byte first, handed on as UTF-8 without the byte order mark.
    Utf16Little,
    /// UTF-16 with its high byte first, handed on as UTF-8 without the byte order mark.
    Utf16Big,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Little => "UTF-16LE",
            Self::Utf16Big => "UTF-16BE",
        })
    }
}

/// An open log; reading it gives its text, decompressed and as UTF-8.
///
/// Damaged compressed data gives all that could be decoded and then an error: of kind
/// `UnexpectedEof` where the data is cut off, `InvalidData` if it is wrong or grows past its
/// [`Limits`]. The caller decides what the text before it is worth. The error comes again on
/// every later read, never a quiet end. Reading does not buffer plain files: use large reads.
pub struct OpenLog {
    text: Text,
    compression: Compression,
    encoding: Encoding,
    on_disk: Option<OnDisk>,
}

#[derive(Debug)]
struct OnDisk {
    size: u64,
    modified: Option<SystemTime>,
    identity: Option<FileIdentity>,
}

enum Text {
    AsIs(Decoded),
    Utf16(Utf16Reader<Decoded>),
}

/// Opens a log with the default [`Limits`].
///
/// # Errors
///
/// If the path is missing or not readable, or no regular file; a FIFO is refused, not waited
/// for. Damage inside the file is found while reading.
pub fn open_log(path: &Path) -> Result<OpenLog> {
    open_log_within(path, Limits::default())
}

/// Opens a log with limits of the caller's.
///
/// # Errors
///
/// As for [`open_log`].
pub fn open_log_within(path: &Path, limits: Limits) -> Result<OpenLog> {
    let context = || Error::context("open", path);
    let file = open_regular(path).map_err(context())?;
    let metadata = file.metadata().map_err(context())?;
    let on_disk = OnDisk {
        size: metadata.len(),
        modified: metadata.modified().ok(),
        identity: FileIdentity::of(&metadata),
    };
    OpenLog::new(Box::new(file), Some(on_disk), limits).map_err(Error::context("read", path))
}

impl OpenLog {
    /// Reads a log from a stream, such as standard input, by the same rules.
    ///
    /// # Errors
    ///
    /// If its first bytes cannot be read.
    pub fn from_stream(stream: impl Read + Send + 'static, limits: Limits) -> io::Result<Self> {
        Self::new(Box::new(stream), None, limits)
    }

    fn new(
        input: Box<dyn Read + Send>,
        on_disk: Option<OnDisk>,
        limits: Limits,
    ) -> io::Result<Self> {
        let raw = Raw::new(input)?;
        let compression = compression_of(raw.head());
        let size = on_disk.as_ref().map_or(0, |on_disk| on_disk.size);
        let mut decoded = Decoded::new(raw, compression, limits, size)?;
        let encoding = decoded.take_byte_order_mark();
        let text = match encoding {
            Encoding::Utf8 => Text::AsIs(decoded),
            Encoding::Utf16Little => Text::Utf16(Utf16Reader::new(decoded, ByteOrder::Little)),
            Encoding::Utf16Big => Text::Utf16(Utf16Reader::new(decoded, ByteOrder::Big)),
        };
        Ok(Self {
            text,
            compression,
            encoding,
            on_disk,
        })
    }

    /// How it is compressed, by its first bytes.
    pub fn compression(&self) -> Compression {
        self.compression
    }

    /// How its text is encoded, by its byte order mark.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// Its size in bytes when it was opened, before decompression; `None` for a stream.
    pub fn size_on_disk(&self) -> Option<u64> {
        self.on_disk.as_ref().map(|on_disk| on_disk.size)
    }

    /// When it had last been written as it was opened; `None` for a stream.
    pub fn modified(&self) -> Option<SystemTime> {
        self.on_disk.as_ref().and_then(|on_disk| on_disk.modified)
    }

    /// Which file was opened, whatever has its name by now; `None` for a stream.
    pub fn identity(&self) -> Option<FileIdentity> {
        self.on_disk.as_ref().and_then(|on_disk| on_disk.identity)
    }

    /// Bytes taken from the file or stream so far, before decompression, to show progress.
    pub fn bytes_taken(&self) -> u64 {
        match &self.text {
            Text::AsIs(decoded) => decoded.layer.taken(),
            Text::Utf16(reader) => reader.get_ref().layer.taken(),
        }
    }
}

impl Read for OpenLog {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.text {
            Text::AsIs(decoded) => decoded.read(buffer),
            Text::Utf16(reader) => reader.read(buffer),
        }
    }
}

impl fmt::Debug for OpenLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenLog")
            .field("compression", &self.compression)
            .field("encoding", &self.encoding)
            .field("on_disk", &self.on_disk)
            .finish_non_exhaustive()
    }
}

fn open_regular(path: &Path) -> io::Result<File> {
    // Asked before, as opening a device can already do something; and asked after, as the name
    // may have been given to something else between.
    kind::require_regular(fs::metadata(path)?.file_type())?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
        options.custom_flags(flags.bits().cast_signed());
    }
    let file = options.open(path)?;
    kind::require_regular(file.metadata()?.file_type())?;
    Ok(file)
}

fn compression_of(head: &[u8]) -> Compression {
    // RFC 8878, 3.1.2: parallel and seekable zstd begin with a skippable frame.
    let is_skippable = matches!(head, [0x50..=0x5f, 0x2a, 0x4d, 0x18]);
    if head.starts_with(GZIP) {
        Compression::Gzip
    } else if head.starts_with(ZSTD) || is_skippable {
        Compression::Zstd
    } else {
        Compression::Plain
    }
}

/// Reads until the buffer is full or the input ends, and says how much it got.
fn read_up_to(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            Err(cause) => return Err(cause),
        }
    }
    Ok(filled)
}

/// A few bytes that were looked at and are given out again first.
struct Ahead {
    bytes: [u8; MAGIC],
    given: usize,
    filled: usize,
}

impl Ahead {
    fn rest(&self) -> &[u8] {
        &self.bytes[self.given..self.filled]
    }

    fn give(&mut self, buffer: &mut [u8]) -> usize {
        let rest = self.rest();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.given += count;
        count
    }
}

/// The bytes as they are on disk.
struct Raw {
    ahead: Ahead,
    input: Box<dyn Read + Send>,
    taken: u64,
}

impl Raw {
    fn new(mut input: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut bytes = [0; MAGIC];
        let filled = read_up_to(&mut input, &mut bytes)?;
        Ok(Self {
            ahead: Ahead {
                bytes,
                given: 0,
                filled,
            },
            input,
            taken: filled as u64,
        })
    }

    fn head(&self) -> &[u8] {
        self.ahead.rest()
    }
}

impl Read for Raw {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.ahead.give(buffer);
        if ahead > 0 {
            return Ok(ahead);
        }
        let count = self.input.read(buffer)?;
        self.taken += count as u64;
        Ok(count)
    }
}

enum Layer {
    Plain(Raw),
    Gzip(Box<Gzip>),
    Zstd(zstd::Decoder<'static, BufReader<Raw>>),
}

impl Layer {
    fn taken(&self) -> u64 {
        match self {
            Self::Plain(raw) => raw.taken,
            Self::Gzip(gzip) => gzip.input().get_ref().taken,
            Self::Zstd(decoder) => decoder.get_ref().get_ref().taken,
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(raw) => raw.read(buffer),
            Self::Gzip(gzip) => gzip
                .read(buffer)
                .map_err(|cause| in_our_words(cause, Compression::Gzip)),
            Self::Zstd(decoder) => decoder
                .read(buffer)
                .map_err(|cause| in_our_words(cause, Compression::Zstd)),
        }
    }
}

/// Tells damage from a failing disk, and a cut from other damage.
fn in_our_words(cause: io::Error, compression: Compression) -> io::Error {
    if cause.raw_os_error().is_some() || cause.kind() == io::ErrorKind::Interrupted {
        return cause;
    }
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => {
            io::Error::new(cause.kind(), format!("the {compression} data is cut off"))
        }
        // zstd reports damage as `Other`, flate2 as `InvalidInput`.
        _ => damaged(compression, &cause.to_string()),
    }
}

fn damaged(compression: Compression, how: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the {compression} data is damaged: {how}"),
    )
}

/// gzip members one after another, as rotation scripts append them.
///
/// flate2's own reader of many members takes the zeros that padding or a power cut leave behind
/// the last one for a broken member; gzip does not, and neither do we.
struct Gzip {
    // `None` only while one member makes way for the next.
    member: Option<GzDecoder<BufReader<Raw>>>,
}

impl Gzip {
    const PRESENT: &str = "a member is put back before anybody looks";

    fn new(input: BufReader<Raw>) -> Self {
        Self {
            member: Some(GzDecoder::new(input)),
        }
    }

    fn input(&self) -> &BufReader<Raw> {
        self.member.as_ref().expect(Self::PRESENT).get_ref()
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let member = self.member.as_mut().expect(Self::PRESENT);
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            if !another_member_follows(member.get_mut())? {
                return Ok(0);
            }
            let input = self.member.take().expect(Self::PRESENT).into_inner();
            *self = Self::new(input);
        }
    }
}

fn another_member_follows(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let ahead = input.fill_buf()?;
        let zeros = ahead.iter().take_while(|byte| **byte == 0).count();
        match ahead.get(zeros) {
            Some(byte) if *byte == GZIP[0] => {
                input.consume(zeros);
                return Ok(true);
            }
            Some(_) => {
                let how = "something else follows it";
                return Err(io::Error::new(io::ErrorKind::InvalidData, how));
            }
            None if ahead.is_empty() => return Ok(false),
            None => input.consume(zeros),
        }
    }
}

/// The bytes after decompression.
struct Decoded {
    layer: Layer,
    ahead: Ahead,
    limits: Limits,
    size_on_disk: u64,
    given: u64,
    failure: Option<(io::ErrorKind, String)>,
}

impl Decoded {
    fn new(
        raw: Raw,
        compression: Compression,
        limits: Limits,
        size_on_disk: u64,
    ) -> io::Result<Self> {
        let buffered = |raw| BufReader::with_capacity(BUFFER, raw);
        let layer = match compression {
            Compression::Plain => Layer::Plain(raw),
            Compression::Gzip => Layer::Gzip(Box::new(Gzip::new(buffered(raw)))),
            Compression::Zstd => Layer::Zstd(zstd::Decoder::with_buffer(buffered(raw))?),
        };
        let ahead = Ahead {
            bytes: [0; MAGIC],
            given: 0,
            filled: 0,
        };
        Ok(Self {
            layer,
            ahead,
            limits,
            size_on_disk,
            given: 0,
            failure: None,
        })
    }

    // A failure here is kept for the first read: what comes before it is still worth reading.
    fn take_byte_order_mark(&mut self) -> Encoding {
        let mut mark = [0; 2];
        let mut filled = 0;
        while filled < mark.len() {
            match self.read_layer(&mut mark[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        match (filled, mark) {
            (2, [0xff, 0xfe]) => Encoding::Utf16Little,
            (2, [0xfe, 0xff]) => Encoding::Utf16Big,
            _ => {
                self.ahead.bytes[..2].copy_from_slice(&mark);
                self.ahead.filled = filled;
                Encoding::Utf8
            }
        }
    }

    fn read_layer(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some((kind, text)) = &self.failure {
            return Err(io::Error::new(*kind, text.clone()));
        }
        let outcome = self.layer.read(buffer).and_then(|count| {
            self.given += count as u64;
            self.require_proportion()?;
            Ok(count)
        });
        if let Err(cause) = &outcome
            && cause.kind() != io::ErrorKind::Interrupted
        {
            self.failure = Some((cause.kind(), crate::error::describe(cause)));
        }
        outcome
    }

    fn require_proportion(&self) -> io::Result<()> {
        let limits = self.limits;
        if matches!(self.layer, Layer::Plain(_)) || self.given <= limits.allowance {
            return Ok(());
        }
        // A file may have grown since it was opened.
        let compressed = self.layer.taken().max(self.size_on_disk);
        if self.given <= compressed.saturating_mul(limits.max_expansion) {
            return Ok(());
        }
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!(
                "{compressed} compressed bytes unpack to more than {} times as many, which no log does",
                limits.max_expansion
            ),
        ))
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let ahead = self.ahead.give(buffer);
        if ahead > 0 {
            Ok(ahead)
        } else {
            self.read_layer(buffer)
        }
    }
}

#[cfg(test)]
mod tests;
