//! What a page shows.

use crate::Traces;

/// What a page shows.
#[derive(Clone, Copy)]
pub struct HtmlOptions<'a> {
    /// Whether it has charts.
    pub charts: bool,
    /// What its sparklines are drawn from. `None` leaves them out.
    pub traces: Option<&'a Traces>,
    /// The name of the file beside it that lists all connections; it lists only those that moved most. `None`
    /// if there is no such file.
    pub all_connections: Option<&'a str>,
}
