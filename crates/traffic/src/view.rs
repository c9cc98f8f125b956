//! A stored row as it is read back, with its texts.

use crate::{Table, Volume};

/// What one connection moved in one bucket without a pause, texts included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowView<'a> {
    /// Which set it belongs to.
    pub table: Table,
    /// Start of the bucket, seconds since 1970.
    pub bucket: i64,
    /// Owner, or `<UNKNOWN>` where bandwhich found none. `None` if the log does not tell.
    pub process: Option<&'a str>,
    /// Process id. `None` if the log does not tell; plain bandwhich logs never do.
    pub pid: Option<u32>,
    /// Interface. `None` if the log does not tell.
    pub interface: Option<&'a str>,
    /// `tcp` or `udp`. `None` if the log does not tell.
    pub protocol: Option<&'a str>,
    /// Local port. `None` if the log does not tell.
    pub local_port: Option<u16>,
    /// Remote address or host name. `None` if the log does not tell.
    pub remote: Option<&'a str>,
    /// Remote port. `None` if the log does not tell.
    pub remote_port: Option<u16>,
    /// Bytes.
    pub volume: Volume,
    /// Largest bytes per refresh, a mean over five refreshes.
    pub peak: Volume,
    /// Refreshes in which the connection was printed.
    pub frames: u32,
    /// Seconds since 1970.
    pub first_seen: i64,
    /// Seconds since 1970.
    pub last_seen: i64,
}
