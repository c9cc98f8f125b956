//! One [`Report`] per host and period, and every format it is written in.
//!
//! A [`Builder`] takes stored rows and the facts of their buckets, in any order, and gives a
//! [`Report`]. JSON, CSV, Parquet, the zip and the terminal's summary are made from it; none of
//! them computes a number of its own. Nothing here touches files, clocks or the network: bytes go
//! to a writer, and `now` is an argument.

mod analyses;
mod arithmetic;
mod buckets;
mod build;
pub mod charts;
mod collected;
mod commands;
mod comparison;
mod connections;
mod coverage;
mod csv;
mod curve;
mod drill_down;
mod findings;
mod history;
mod html;
mod json;
mod learning;
mod ledger;
mod look_back;
mod notes;
mod parquet;
mod quotas;
mod ranking;
mod reconciliation;
mod report;
mod text;
mod texts;
mod timeline;
mod traces;
mod usual;
mod zip;

pub use analyses::{Analysis, AnalysisResult, HostAnalysis};
pub use build::{Builder, Context, Options};
pub use collected::Capture;
pub use commands::Commands;
pub use comparison::{Compared, Comparison, Comparisons, Totals};
pub use connections::{Connection, ConnectionView};
pub use coverage::{Coverage, Gap, ShownHole};
pub use curve::Curve;
pub use findings::DatedFinding;
pub use history::{History, NewName, NewNames, Past};
pub use html::{
    HtmlError, HtmlOptions, Index, IndexedHost, IndexedPage, PageHead, WorstFinding,
    timestamp_of_html,
};
pub use learning::Learning;
pub use notes::Note;
pub use quotas::quota_lines;
pub use ranking::{TopInterface, TopPort, TopProcess, TopProtocol, TopRemote};
pub use reconciliation::{Agreement, Reconciled, Reconciliation};
pub use report::{DamagedSample, InputFacts, Report, SCHEMA_VERSION, Span};
pub use text::{Glyphs, TextOptions};
pub use timeline::TimelineEntry;
pub use traces::Traces;
pub use usual::{Mover, Usual};

pub use self::csv::{CsvError, write_csv, write_table};
pub use self::parquet::{ParquetError, ParquetOptions, ParquetRows};
pub use self::zip::{ZipError, write_zip};

/// What bandwhich calls traffic whose socket was gone when it looked for the owner.
pub const UNKNOWN: &str = "<UNKNOWN>";
