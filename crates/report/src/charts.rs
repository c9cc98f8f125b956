//! Charts: pictures of a [`Report`](crate::Report) as SVG for the page.
//!
//! They are written by hand: charts-rs and plotters draw over gaps, know neither bands nor dark
//! pages, and paint with attributes where a page needs classes and texts for screen readers.

mod curve;
mod scale;
mod series;
mod spark;

pub(crate) use curve::cuts_peaks;
pub use curve::{CurveSize, curve_svg};
pub(crate) use series::{Point, SeriesChart};
pub(crate) use spark::{bar, spark};
