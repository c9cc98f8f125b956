//! The hosts that a run reports.

use settings::{HostLayout, Settings};
use store::Store;

use crate::error::Result;

/// The host that was asked for, or all that the settings' logs may be of.
pub(crate) fn hosts(
    store: &Store,
    asked: Option<&str>,
    settings: &Settings,
) -> Result<Vec<String>> {
    Ok(match (asked, settings.input.hosts) {
        (Some(host), _) => vec![host.to_owned()],
        (None, HostLayout::Directories) => store.hosts()?,
        (None, HostLayout::Single) => vec![settings.host.clone()],
    })
}
