//! What bandwhich is started with.

/// Why an argument for bandwhich is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{argument} is refused: {reason}")]
pub struct Refused {
    /// The argument as it was given.
    pub argument: String,
    /// What it would do.
    pub reason: &'static str,
}

const SUMS: &str = "its running sums forget all but the 1000 largest connections, and cannot be \
                    brought back to rates exactly; the plain output holds the same totals";
const ENDS: &str = "bandwhich would print that and end";
const NO_ARGUMENT: &str = "bandwhich takes options alone";

/// Options that take a value, short and long.
const WITH_VALUE: [(char, &str); 3] = [
    ('i', "--interface"),
    ('d', "--dns-server"),
    ('u', "--unit-family"),
];

/// The switches that bandwhich is given anyway, which may not be given twice: short, long.
#[derive(Clone, Copy)]
struct Anyway {
    resolve_names: bool,
    show_dns: bool,
}

impl Anyway {
    fn has_long(self, name: &str) -> bool {
        match name {
            "raw" => true,
            "no-resolve" => !self.resolve_names,
            "show-dns" => self.show_dns,
            _ => false,
        }
    }

    fn has_short(self, letter: char) -> bool {
        match letter {
            'r' => true,
            'n' => !self.resolve_names,
            's' => self.show_dns,
            _ => false,
        }
    }
}

/// The arguments for bandwhich: `--raw`, `--no-resolve` unless names are wanted, `--show-dns` if DNS is to be
/// counted, and those given.
///
/// # Errors
/// If one of those given would spoil the log or end bandwhich.
///
/// ```
/// let given = ["--interface".to_owned(), "eth0".to_owned()];
/// assert_eq!(
///     collector::arguments(&given, false, true).unwrap(),
///     ["--raw", "--no-resolve", "--show-dns", "--interface", "eth0"]
/// );
/// assert!(collector::arguments(&["-st".to_owned()], false, true).is_err());
/// ```
pub fn arguments(
    given: &[String],
    resolve_names: bool,
    show_dns: bool,
) -> Result<Vec<String>, Refused> {
    let anyway = Anyway {
        resolve_names,
        show_dns,
    };
    let mut arguments = vec!["--raw".to_owned()];
    if !resolve_names {
        arguments.push("--no-resolve".to_owned());
    }
    if show_dns {
        arguments.push("--show-dns".to_owned());
    }
    let mut rest = given.iter();
    while let Some(argument) = rest.next() {
        let refused = |reason| Refused {
            argument: argument.clone(),
            reason,
        };
        let takes_value = if let Some(long) = argument.strip_prefix("--") {
            match long.split('=').next().unwrap_or(long) {
                name if anyway.has_long(name) => continue,
                "total-utilization" => return Err(refused(SUMS)),
                "help" | "version" => return Err(refused(ENDS)),
                "" => return Err(refused(NO_ARGUMENT)),
                _ => WITH_VALUE.iter().any(|(_, name)| name == argument),
            }
        } else if let Some(letters) = argument.strip_prefix('-') {
            if letters.is_empty() {
                return Err(refused(NO_ARGUMENT));
            }
            // What follows a letter that takes a value is its value.
            let value = letters.find(|letter| WITH_VALUE.iter().any(|(short, _)| *short == letter));
            let switches = &letters[..value.unwrap_or(letters.len())];
            if switches.contains('t') {
                return Err(refused(SUMS));
            }
            if switches.contains(['h', 'V']) {
                return Err(refused(ENDS));
            }
            // bandwhich refuses a switch that is given twice.
            let kept: String = switches
                .chars()
                .filter(|letter| !anyway.has_short(*letter))
                .chain(letters[switches.len()..].chars())
                .collect();
            if kept.is_empty() {
                continue;
            }
            arguments.push(format!("-{kept}"));
            if value == Some(letters.len() - 1) {
                arguments.extend(rest.next().cloned());
            }
            continue;
        } else {
            return Err(refused(NO_ARGUMENT));
        };
        arguments.push(argument.clone());
        if takes_value {
            arguments.extend(rest.next().cloned());
        }
    }
    Ok(arguments)
}

/// The interface that bandwhich is told to watch alone, by these of its arguments.
///
/// ```
/// let given = ["-si", "tun0"].map(str::to_owned);
/// assert_eq!(collector::watched_interface(&given), Some("tun0"));
/// assert_eq!(collector::watched_interface(&[]), None);
/// ```
pub fn watched_interface(arguments: &[String]) -> Option<&str> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if let Some(long) = argument.strip_prefix("--") {
            match long.split_once('=') {
                Some(("interface", name)) => return Some(name),
                Some(_) => {}
                None if long == "interface" => return rest.next().map(String::as_str),
                None => {
                    if WITH_VALUE.iter().any(|(_, name)| name == argument) {
                        rest.next();
                    }
                }
            }
        } else if let Some(letters) = argument.strip_prefix('-') {
            let takes_value = |letter| WITH_VALUE.iter().any(|(short, _)| *short == letter);
            let Some(at) = letters.find(takes_value) else {
                continue;
            };
            let value = &letters[at + 1..];
            let value = match value.strip_prefix('=').unwrap_or(value) {
                "" => rest.next().map(String::as_str),
                value => Some(value),
            };
            if letters[at..].starts_with('i') {
                return value;
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(given: &[&str]) -> Result<Vec<String>, Refused> {
        let given: Vec<String> = given.iter().map(|&text| text.to_owned()).collect();
        arguments(&given, false, false).map(|all| all[2..].to_vec())
    }

    #[test]
    fn running_sums_are_refused_however_they_are_asked_for() {
        for given in [
            &["-t"][..],
            &["--total-utilization"],
            &["-st"],
            &["-ts"],
            &["-i", "eth0", "-ct"],
        ] {
            assert_eq!(of(given).unwrap_err().reason, SUMS, "{given:?}");
        }
    }

    #[test]
    fn a_value_is_no_switch() {
        for given in [
            &["-i", "-t"][..],
            &["-it"],
            &["--interface", "--total-utilization"],
            &["--interface=t"],
            &["-si", "tun0"],
        ] {
            assert_eq!(of(given).unwrap(), given, "{given:?}");
        }
    }

    #[test]
    fn the_interface_is_found_however_it_is_given() {
        for (given, expected) in [
            (&["-i", "eth0"][..], Some("eth0")),
            (&["-ieth0"], Some("eth0")),
            (&["-i=eth0"], Some("eth0")),
            (&["-s", "-si", "eth0"], Some("eth0")),
            (&["--interface", "eth0"], Some("eth0")),
            (&["--interface=eth0"], Some("eth0")),
            (&["-u", "-i"], None),
            (&["-d1.1.1.1", "--dns-server", "--interface", "-s"], None),
            (&["--interface"], None),
        ] {
            let given: Vec<String> = given.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(watched_interface(&given), expected, "{given:?}");
        }
    }

    #[test]
    fn what_is_given_anyway_is_not_given_twice() {
        assert_eq!(
            of(&["-r", "-n", "--raw", "-rns", "-rni", "eth0"]).unwrap(),
            ["-s", "-i", "eth0"]
        );
        let given = ["-s", "--show-dns", "-nsi", "s"].map(str::to_owned);
        let all = arguments(&given, true, true).unwrap();
        assert_eq!(all, ["--raw", "--show-dns", "-ni", "s"]);
    }

    #[test]
    fn what_ends_bandwhich_is_refused() {
        for given in ["-h", "--help", "-V", "--version", "-sV"] {
            assert_eq!(of(&[given]).unwrap_err().reason, ENDS);
        }
        for given in ["eth0", "--", "-"] {
            assert_eq!(of(&[given]).unwrap_err().reason, NO_ARGUMENT);
        }
    }
}
