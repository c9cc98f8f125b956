//! Vocabulary and arithmetic of network traffic as bandwhich reports it.
//!
//! bandwhich prints means over up to five refreshes. [`LogFold`] turns the frames of a log back into
//! volumes: exact totals per run of bandwhich, rows per time bucket and connection, and the facts
//! that tell how much was observed. Nothing here touches files, clocks or the network.

mod carry;
mod fold;
mod log;
mod machine;
mod mode;
mod noted;
mod owners;
mod period;
mod places;
mod probe;
mod rollup;
mod service;
mod slots;
mod strings;
mod summary;
mod utc_day;
mod view;
mod volume;
mod when;

pub use carry::{Carry, LiveKey, tail_rows};
pub use log::{LogFold, Options, Sink};
pub use machine::{interfaces_apart, watched_interface};
pub use mode::Mode;
pub use noted::{AddressChange, CaptureCount, Collector, InterfaceCount, Noted, Stop};
pub use period::Period;
pub use rollup::{BucketFacts, Row, Table, host_label, observed_seconds};
pub use service::ServicePorts;
pub use strings::{Strings, TextId};
pub use summary::{Accounting, DamagedLine, LogSummary, RunSummary};
pub use utc_day::UtcDay;
pub use view::RowView;
pub use volume::Volume;
pub use when::{LastDay, PeriodError, When};
