//! What each result looks like on a terminal. Commands print through here and never import each other.

pub(crate) mod archive;
pub(crate) mod doctor;
pub(crate) mod dry_run;
pub(crate) mod ingest;
pub(crate) mod letters;
pub(crate) mod report;
pub(crate) mod show;
pub(crate) mod status;
