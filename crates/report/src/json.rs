//! `report_YYYYMMDD.json` and `summary_YYYYMMDD.json`.

use display::Moment;
use serde::Serialize;

use crate::report::{
    p95_download_bps, p95_upload_bps, peak_download_bps, peak_upload_bps, total_download_bps,
    total_upload_bps,
};
use crate::{
    Capture, Comparisons, Coverage, InputFacts, Learning, Note, Reconciliation, Report, Span,
    TopInterface, TopPort, TopProcess, TopProtocol, TopRemote,
};

/// A report without its connections and its timeline.
#[derive(Serialize)]
struct Summary<'a> {
    schema_version: u32,
    timestamp: Moment,
    host: &'a str,
    period: &'a Span,
    coverage: &'a Coverage,
    #[serde(flatten, serialize_with = "total_upload_bps::serialize")]
    total_upload_bps: u64,
    #[serde(flatten, serialize_with = "total_download_bps::serialize")]
    total_download_bps: u64,
    total_upload_bytes: u64,
    total_download_bytes: u64,
    #[serde(flatten, serialize_with = "peak_upload_bps::serialize")]
    peak_upload_bps: u64,
    #[serde(flatten, serialize_with = "peak_download_bps::serialize")]
    peak_download_bps: u64,
    #[serde(flatten, serialize_with = "p95_upload_bps::serialize")]
    p95_upload_bps: u64,
    #[serde(flatten, serialize_with = "p95_download_bps::serialize")]
    p95_download_bps: u64,
    attributed_ratio: f64,
    loopback_bytes: u64,
    #[serde(skip_serializing_if = "crate::report::is_zero")]
    apart_bytes: u64,
    top_processes: &'a [TopProcess],
    top_remotes: &'a [TopRemote],
    top_ports: &'a [TopPort],
    protocols: &'a [TopProtocol],
    interfaces: &'a [TopInterface],
    connections_total: u64,
    comparison: &'a Comparisons,
    findings: &'a [analysis::Finding],
    findings_muted: u64,
    findings_silent_because: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    learning: Option<Learning>,
    quotas: &'a [analysis::QuotaState],
    #[serde(skip_serializing_if = "Option::is_none")]
    reconciliation: &'a Option<Reconciliation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capture: &'a Option<Capture>,
    input: &'a InputFacts,
    notes: &'a [Note],
}

impl Report {
    /// The report as JSON: two blanks an indent, a line feed at the end. The same rows and settings
    /// give the same text, `timestamp` aside.
    pub fn to_json(&self, timestamp: Moment) -> String {
        pretty(&Report {
            timestamp,
            ..self.clone()
        })
    }

    /// The report without `connections` and `timeline`.
    pub fn summary_json(&self, timestamp: Moment) -> String {
        pretty(&Summary {
            schema_version: self.schema_version,
            timestamp,
            host: &self.host,
            period: &self.period,
            coverage: &self.coverage,
            total_upload_bps: self.total_upload_bps,
            total_download_bps: self.total_download_bps,
            total_upload_bytes: self.total_upload_bytes,
            total_download_bytes: self.total_download_bytes,
            peak_upload_bps: self.peak_upload_bps,
            peak_download_bps: self.peak_download_bps,
            p95_upload_bps: self.p95_upload_bps,
            p95_download_bps: self.p95_download_bps,
            attributed_ratio: self.attributed_ratio,
            loopback_bytes: self.loopback_bytes,
            apart_bytes: self.apart_bytes,
            top_processes: &self.top_processes,
            top_remotes: &self.top_remotes,
            top_ports: &self.top_ports,
            protocols: &self.protocols,
            interfaces: &self.interfaces,
            connections_total: self.connections_total,
            comparison: &self.comparison,
            findings: &self.findings,
            findings_muted: self.findings_muted,
            findings_silent_because: self.findings_silent_because.as_deref(),
            learning: self.learning,
            quotas: &self.quotas,
            reconciliation: &self.reconciliation,
            capture: &self.capture,
            input: &self.input,
            notes: &self.notes,
        })
    }
}

pub(crate) fn pretty(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value);
    text.expect("a report has text keys and finite numbers") + "\n"
}
