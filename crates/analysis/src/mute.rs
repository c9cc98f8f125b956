//! What is not to be told.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;

use crate::{Finding, Subject};

/// Part of an excess from which on a contributor explains a finding: muted, it mutes the finding.
const EXPLAINS: f64 = 0.8;

/// The forms in which something muted is written.
pub const MUTE_FORMS: &str =
    "write a finding's id, process:NAME, remote:NAME, port:tcp/443 or host:NAME";

/// Whom or what a mute names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MuteTarget {
    /// One finding, by its id.
    Id(String),
    /// A process by name.
    Process(String),
    /// A peer by address or host name.
    Remote(String),
    /// A service's port with its protocol, like `tcp/443`, or with any, like `443`.
    Port(String),
    /// All that is found of a host.
    Host(String),
}

/// Something that is not told, for good or for some time.
///
/// ```
/// let mute: analysis::Mute = "process:rsync until 2026-12-31".parse().unwrap();
/// assert_eq!(mute.target, analysis::MuteTarget::Process("rsync".to_owned()));
/// assert_eq!(mute.to_string(), "process:rsync until 2026-12-31");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mute {
    /// Whom or what.
    pub target: MuteTarget,
    /// The last day of which findings are muted. `None` mutes for good.
    pub until: Option<Date>,
}

impl Mute {
    /// Whether it keeps a finding from being told whose last second lies on `day`. The day counts and
    /// not the present, so that a report that is made again says the same.
    pub fn covers(&self, finding: &Finding, day: Date) -> bool {
        self.until.is_none_or(|until| day <= until) && self.target.names(finding)
    }
}

impl MuteTarget {
    fn names(&self, finding: &Finding) -> bool {
        let is_about = |is_its: &dyn Fn(&Subject) -> bool| {
            let mut explain = finding.contributors.iter();
            is_its(&finding.subject)
                || explain.any(|one| is_its(&one.subject) && one.share >= EXPLAINS)
        };
        match self {
            MuteTarget::Id(id) => finding.id.0 == *id,
            MuteTarget::Process(name) => {
                is_about(&|of| matches!(of, Subject::Process(of) if of == name))
            }
            MuteTarget::Remote(name) => {
                is_about(&|of| matches!(of, Subject::Remote(of) if of == name))
            }
            MuteTarget::Port(name) => is_about(&|of| match of {
                Subject::Port(of) => {
                    of == name
                        || of
                            .rsplit_once('/')
                            .is_some_and(|(_, number)| number == name)
                }
                _ => false,
            }),
            MuteTarget::Host(name) => finding.host == *name,
        }
    }
}

impl FromStr for MuteTarget {
    type Err = String;

    fn from_str(typed: &str) -> Result<Self, String> {
        let is_id = matches!(typed.len(), 12 | 16)
            && typed
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_id {
            return Ok(MuteTarget::Id(typed.to_owned()));
        }
        let Some((kind, name)) = typed.split_once(':') else {
            return Err(format!("names nothing that can be muted; {MUTE_FORMS}"));
        };
        if name.is_empty() && kind != "process" {
            return Err(format!("has no name after the colon; {MUTE_FORMS}"));
        }
        let name = name.to_owned();
        match kind {
            "process" => Ok(MuteTarget::Process(name)),
            "remote" => Ok(MuteTarget::Remote(name)),
            "host" => Ok(MuteTarget::Host(name)),
            "port" => {
                let number =
                    name.split_once('/')
                        .map_or(&*name, |(protocol, number)| match protocol {
                            "tcp" | "udp" => number,
                            _ => "",
                        });
                match number.parse::<u16>() {
                    Ok(_) => Ok(MuteTarget::Port(name)),
                    Err(_) => Err("is not a port; write port:tcp/443 or port:udp/53".to_owned()),
                }
            }
            _ => Err(format!("names nothing that can be muted; {MUTE_FORMS}")),
        }
    }
}

impl fmt::Display for MuteTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MuteTarget::Id(id) => formatter.write_str(id),
            MuteTarget::Process(name) => write!(formatter, "process:{name}"),
            MuteTarget::Remote(name) => write!(formatter, "remote:{name}"),
            MuteTarget::Port(name) => write!(formatter, "port:{name}"),
            MuteTarget::Host(name) => write!(formatter, "host:{name}"),
        }
    }
}

impl FromStr for Mute {
    type Err = String;

    /// Reads `TARGET` or `TARGET until YYYY-MM-DD`.
    fn from_str(typed: &str) -> Result<Self, String> {
        let until = typed.rsplit_once(" until ").and_then(|(target, day)| {
            let day = day.trim().parse::<Date>().ok()?;
            Some((target, day))
        });
        let (target, until) = match until {
            Some((target, day)) => (target, Some(day)),
            None => (typed, None),
        };
        Ok(Mute {
            target: target.parse()?,
            until,
        })
    }
}

impl fmt::Display for Mute {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(formatter)?;
        match self.until {
            Some(day) => write!(formatter, " until {day}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::FindingDraft;
    use crate::{Contributor, FindingKind, Severity};
    use jiff::civil::date;

    fn spike(subject: Subject) -> Finding {
        FindingDraft::new(FindingKind::Spike, Severity::Warning, &subject, 0..3600).named("web1", 0)
    }

    #[test]
    fn what_is_muted_is_written_as_it_is_read() {
        for text in [
            "0123456789ab",
            "process:rsync",
            "process:",
            "process:a until b",
            "remote:2001:db8::1 until 2026-12-31",
            "port:tcp/443",
            "port:53",
            "host:web1",
        ] {
            let mute: Mute = text.parse().unwrap();
            assert_eq!(mute.to_string(), text);
        }
        for wrong in [
            "",
            "rsync",
            "user:ada",
            "port:icmp/1",
            "port:tcp/70000",
            "host:",
        ] {
            assert!(wrong.parse::<Mute>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mute_holds_to_the_end_of_its_last_day() {
        let mute: Mute = "process:rsync until 2026-03-04".parse().unwrap();
        let finding = spike(Subject::Process("rsync".to_owned()));
        assert!(mute.covers(&finding, date(2026, 3, 4)));
        assert!(!mute.covers(&finding, date(2026, 3, 5)));
        assert!(!mute.covers(&spike(Subject::Total), date(2026, 3, 4)));
    }

    #[test]
    fn who_explains_a_finding_mutes_it_and_who_is_a_part_of_it_does_not() {
        let mute: Mute = "process:rsync".parse().unwrap();
        let with = |share| Finding {
            contributors: vec![Contributor {
                subject: Subject::Process("rsync".to_owned()),
                excess_bytes: 1,
                share,
            }],
            ..spike(Subject::Total)
        };
        assert!(mute.covers(&with(0.9), date(2026, 3, 4)));
        assert!(!mute.covers(&with(0.5), date(2026, 3, 4)));
    }

    #[test]
    fn an_id_and_a_host_are_muted_too() {
        let finding = spike(Subject::Total);
        let day = date(2026, 3, 4);
        let covers = |text: &str| text.parse::<Mute>().unwrap().covers(&finding, day);
        assert!(covers(&finding.id.0));
        assert!(covers("host:web1"));
        assert!(!covers("host:web2"));
        assert!(!covers("0123456789ab"));
    }

    #[test]
    fn a_port_without_a_protocol_is_that_of_all() {
        let covers = |mute: &str, port: &str| {
            let finding = spike(Subject::Port(port.to_owned()));
            mute.parse::<Mute>()
                .unwrap()
                .covers(&finding, date(1970, 1, 1))
        };
        assert!(covers("port:443", "tcp/443") && covers("port:443", "443"));
        assert!(!covers("port:443", "tcp/8443") && !covers("port:udp/443", "tcp/443"));
    }
}
