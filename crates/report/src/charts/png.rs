//! Charts as PNG, for letters: few mail programs show SVG.

use resvg::{tiny_skia, usvg};

use super::{CurveSize, Overlay, curve_svg};
use crate::Report;

/// The printable characters of ASCII of Roboto Regular (Apache License 2.0).
const FONT: &[u8] = include_bytes!("../../fonts/Roboto-ascii.ttf");
/// Pixels of a unit: letters are read on fine screens.
const SCALE: f32 = 2.5;
/// The colours of the page in daylight.
const STYLE: &str = "<style>text{font:11.5px Roboto;fill:#5c6370}.grid{stroke:#e3e6ea}\
    .axis,.tick{stroke:#9aa1ab}.gap{fill:#f1f2f4}.hatch{stroke:#c9cdd3}.down{fill:#1f6feb}\
    .up{fill:#c2571a}.band{opacity:.22}.cut{stroke:#5c6370;stroke-width:1.5}\
    .peak{fill:#1b1f24;stroke:#fff;stroke-width:3;paint-order:stroke}</style>";

/// The report's curve as a PNG picture of 1250 by 550 pixels on white, to be shown at half its size or less.
/// `None` if nothing was observed. The same report gives the same bytes.
pub fn day_curve_png(report: &Report) -> Option<Vec<u8>> {
    let svg = curve_svg(report, CurveSize::Letter, "curve", &Overlay::default())?;
    let svg = svg.replacen("<defs>", &format!("{STYLE}<defs>"), 1);
    let mut options = usvg::Options {
        font_family: "Roboto".to_owned(),
        ..usvg::Options::default()
    };
    options.fontdb_mut().load_font_data(FONT.to_vec());
    let tree = usvg::Tree::from_str(&svg, &options).expect("our own SVG is well formed");
    let size = tree.size().to_int_size().scale_by(SCALE)?;
    let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height())?;
    pixels.fill(tiny_skia::Color::WHITE);
    let scale = tiny_skia::Transform::from_scale(SCALE, SCALE);
    resvg::render(&tree, scale, &mut pixels.as_mut());
    pixels.encode_png().ok()
}
