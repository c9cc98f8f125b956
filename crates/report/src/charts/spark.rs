//! Small pictures within a line of text: they repeat what the table beside them says.

use std::fmt::Write as _;

use traffic::Volume;

const HEIGHT: f64 = 16.0;

/// A sparkline of volumes as an SVG element, each step one unit wide; empty where all are 0.
pub(crate) fn spark(volumes: &[Volume]) -> String {
    let most = volumes
        .iter()
        .map(|volume| volume.total())
        .max()
        .unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let mut path = format!("M0 {HEIGHT}");
    let mut last = None;
    for (at, volume) in volumes.iter().enumerate() {
        let length = length(volume.total(), most, HEIGHT);
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

/// Received above a line and sent below it, each step one unit wide, as an SVG element; empty where all
/// are 0.
pub(crate) fn hours(volumes: &[Volume]) -> String {
    const HALF: f64 = 20.0;
    let all = volumes.iter().flat_map(|volume| [volume.up, volume.down]);
    let most = all.max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let bars = |of: fn(&Volume) -> u64, sign: f64| {
        let mut path = String::new();
        for (at, volume) in volumes.iter().enumerate() {
            let bytes = of(volume);
            if bytes > 0 {
                let y = HALF + sign * length(bytes, most, HALF);
                write!(path, "M{at} {HALF}V{y:.1}h.9V{HALF}").expect("a String takes any text");
            }
        }
        path
    };
    let width = volumes.len();
    format!(
        "<svg class=\"hours\" viewBox=\"0 0 {width} {height}\" preserveAspectRatio=\"none\" \
         aria-hidden=\"true\"><path class=\"down\" d=\"{}\"/><path class=\"up\" d=\"{}\"/>\
         <path class=\"axis\" d=\"M0 {HALF}H{width}\"/></svg>",
        bars(|volume| volume.down, -1.0),
        bars(|volume| volume.up, 1.0),
        height = HALF * 2.0,
    )
}

/// The length of a volume's bar: what moved at all is seen, however little beside the most.
fn length(volume: u64, most: u64, height: f64) -> f64 {
    if volume == 0 {
        return 0.0;
    }
    (volume as f64 / most as f64 * height).max(0.8)
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
