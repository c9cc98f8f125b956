//! Small pictures within a line of text: they repeat what the table beside them says.

use std::fmt::Write as _;

const HEIGHT: f64 = 16.0;

/// A sparkline of volumes as an SVG element, each step one unit wide; empty where all are 0.
pub(crate) fn spark(volumes: &[u64]) -> String {
    let most = volumes.iter().copied().max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let mut path = format!("M0 {HEIGHT}");
    let mut last = None;
    for (at, volume) in volumes.iter().enumerate() {
        // What moved at all is seen, however little beside the most.
        let part = *volume as f64 / most as f64;
        let length = if *volume > 0 {
            (part * HEIGHT).max(0.8)
        } else {
            0.0
        };
        let y = format!("{:.1}", HEIGHT - length);
        if last.as_ref() != Some(&y) {
            write!(path, "H{at}V{y}").expect("a String takes any text");
            last = Some(y);
        }
    }
    let width = volumes.len();
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\"><path d=\"{path}H{width}V{HEIGHT}Z\"/></svg>"
    )
}

/// A bar as long as `part` of its column, from 0 to 1, the part received in front of the part sent.
pub(crate) fn bar(part: f64, down: u64, up: u64) -> String {
    let total = (u128::from(down) + u128::from(up)).max(1);
    let length = (part.clamp(0.0, 1.0) * 100.0).max(0.5);
    let received = length * (u128::from(down) as f64 / total as f64);
    let sent = length - received;
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" aria-hidden=\"true\">\
         <rect class=\"down\" width=\"{received:.1}\" height=\"8\"/>\
         <rect class=\"up\" x=\"{received:.1}\" width=\"{sent:.1}\" height=\"8\"/></svg>"
    )
}
