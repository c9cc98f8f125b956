//! `report_YYYYMMDD.html`: one file that opens anywhere, asks nobody for anything and reads without
//! script. The words and the layout are in `templates/`; `html/view.rs` and `html/analysis.rs`
//! have what they show.
//!
//! Style and script are allowed by their hashes alone, so that no name from a log could become
//! either, even if it were written unescaped.

mod analysis;
mod change;
mod findings;
mod headline;
mod index;
mod lists;
mod names;
mod options;
mod over_time;
mod page_head;
mod processes;
mod quantities;
mod recorded;
mod view;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use display::Moment;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

pub use index::{Index, IndexedHost, IndexedPage};
pub use options::HtmlOptions;
pub use page_head::{PageHead, WorstFinding};

use crate::{Analysis, Report};

const TEMPLATE: &str = include_str!("../templates/report.html");
const STYLE: &str = include_str!("../templates/report.css");
const ANALYSIS: &str = include_str!("../templates/analysis.html");
const FINDINGS: &str = include_str!("../templates/findings.html");
const ANALYSIS_STYLE: &str = include_str!("../templates/analysis.css");
const SCRIPT: &str = include_str!("../templates/report.js");
/// Instructions of the template engine that a page may take: some hundred a connection.
const FUEL: u64 = 50_000_000;

/// The page could not be made: a fault of the template.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the page")]
pub struct HtmlError(#[from] minijinja::Error);

impl Report {
    /// The report as a page. The same report and options give the same bytes, `timestamp` aside.
    ///
    /// # Errors
    /// If the template is at fault.
    pub fn to_html(
        &self,
        timestamp: Moment,
        options: &HtmlOptions<'_>,
    ) -> Result<String, HtmlError> {
        let page = view::Page::new(self, timestamp, options);
        render("report.html", TEMPLATE, STYLE, &page)
    }
}

impl Analysis {
    /// The analysis as a page in the report's look.
    ///
    /// # Errors
    /// If the template is at fault.
    pub fn to_html(&self) -> Result<String, HtmlError> {
        let style = format!("{STYLE}\n{ANALYSIS_STYLE}");
        render(
            "analysis.html",
            ANALYSIS,
            &style,
            &analysis::Page::new(self),
        )
    }
}

fn render(
    name: &str,
    template: &str,
    style: &str,
    page: &impl Serialize,
) -> Result<String, HtmlError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    environment.set_fuel(Some(FUEL));
    environment.add_template("findings.html", FINDINGS)?;
    environment.add_template(name, template)?;
    let template = environment.get_template(name)?;
    Ok(template.render(minijinja::context! {
        page => Serde(page),
        style => style,
        script => SCRIPT,
        style_hash => hash(style),
        script_hash => hash(SCRIPT),
    })?)
}

/// The time that a page has.
pub fn timestamp_of_html(page: &str) -> Option<Moment> {
    let (_, rest) = page.rsplit_once("<time id=\"made\" datetime=\"")?;
    let (text, _) = rest.split_once('"')?;
    serde_json::from_value(text.into()).ok()
}

/// A text's hash as a Content-Security-Policy names it.
fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
