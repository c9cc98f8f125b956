//! Charts: pictures of a [`Report`](crate::Report) as SVG for the page.
//!
//! They are written by hand: charts-rs and plotters draw over gaps, know neither bands nor dark
//! pages, and paint with attributes where a page needs classes and texts for screen readers.

mod curve;
mod frame;
mod overlay;
mod scale;
mod series;
mod spark;

pub(crate) use curve::curve_svg;
pub use frame::CurveSize;
pub(crate) use overlay::{Mark, Overlay};
pub(crate) use series::{Point, SeriesChart};
pub(crate) use spark::{bar, hours, spark};
