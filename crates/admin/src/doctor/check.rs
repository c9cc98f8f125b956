//! What was found.

use serde::Serialize;

/// What was found of one matter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The matter, a word.
    pub topic: &'static str,
    /// How it stands.
    pub verdict: Verdict,
    /// What was found, printable.
    pub said: String,
    /// What to do. `None` if all is well.
    pub cure: Option<String>,
}

/// How a matter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// It works, and could be better.
    Advice,
    /// Something will not work.
    Fault,
}

impl Check {
    pub(crate) fn ok(topic: &'static str, said: impl Into<String>) -> Self {
        Self::new(topic, Verdict::Ok, said, None)
    }

    pub(crate) fn advice(
        topic: &'static str,
        said: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self::new(topic, Verdict::Advice, said, Some(cure.into()))
    }

    pub(crate) fn fault(
        topic: &'static str,
        said: impl Into<String>,
        cure: impl Into<String>,
    ) -> Self {
        Self::new(topic, Verdict::Fault, said, Some(cure.into()))
    }

    fn new(
        topic: &'static str,
        verdict: Verdict,
        said: impl Into<String>,
        cure: Option<String>,
    ) -> Self {
        let printable = |text: String| display::printable(&text).into_owned();
        Self {
            topic,
            verdict,
            said: printable(said.into()),
            cure: cure.map(printable).filter(|cure| !cure.is_empty()),
        }
    }
}
