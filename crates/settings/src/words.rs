//! The settings that are one word out of a few.

/// A setting that is one word out of a closed list.
pub trait Word: Copy + PartialEq + 'static {
    /// Every word with what it means, in the order help shows them.
    const WORDS: &'static [(&'static str, Self)];

    /// The word for this meaning.
    fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, meaning)| *meaning == self);
        found.expect("every variant has its word").0
    }

    /// Reads a word; the error lists the known ones.
    fn from_word(typed: &str) -> Result<Self, String> {
        let found = Self::WORDS
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(typed));
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<&str> = Self::WORDS.iter().map(|(word, _)| *word).collect();
            format!("is not known; write {}", words.join(", "))
        })
    }
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl Word for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),+];
        }
    };
}

words! {
    /// What the numbers in a log mean (`input.mode`).
    InputMode {
        /// Decided for each log by its content.
        Auto = "auto",
        /// Rates, which are multiplied by the time they held.
        Rate = "rate",
        /// Totals since the start of the run.
        Cumulative = "cumulative",
    }
}

words! {
    /// When letters about reports are sent (`email.when`).
    LetterTime {
        /// About each day.
        Always = "always",
        /// About days with a warning or a problem.
        Problems = "problems",
        /// About each week, and about days on which something is critical.
        Weekly = "weekly",
    }
}

words! {
    /// Where the machine's traffic with itself is counted (`input.loopback`).
    Loopback {
        /// Beside the totals.
        Apart = "apart",
        /// In the totals.
        Include = "include",
    }
}

words! {
    /// How many machines' logs lie in `log_dir` (`input.hosts`).
    HostLayout {
        /// All logs are this machine's.
        Single = "single",
        /// Each folder of `log_dir` is a machine, named after it.
        Directories = "directories",
    }
}

words! {
    /// When a new log is begun (`collect.rotate`).
    Rotate {
        /// With each hour of local time.
        Hourly = "hourly",
        /// With each day of local time.
        Daily = "daily",
    }
}

words! {
    /// What is recorded where packets are routed without translation of addresses (`collect.routed_bridges`).
    RoutedBridges {
        /// The uplink alone, if there is one.
        Uplink = "uplink",
        /// All interfaces.
        All = "all",
    }
}

words! {
    /// A form in which a report is written.
    ReportFormat {
        /// One document that follows the JSON Schema in `docs/schema`.
        Json = "json",
        /// One row a connection, RFC 4180.
        Csv = "csv",
        /// The day's rows at the store's resolution.
        Parquet = "parquet",
        /// One page to read.
        Html = "html",
    }
}

words! {
    /// How archived logs are packed (`archive.compress_format`).
    CompressFormat {
        /// A zip file.
        Zip = "zip",
        /// A gzipped tar file.
        TarGz = "tar.gz",
    }
}

words! {
    /// The least serious messages that are logged (`logging.level`).
    Level {
        /// Only what failed.
        Error = "ERROR",
        /// And what needs attention.
        Warn = "WARN",
        /// And what was done.
        Info = "INFO",
        /// And how it was done.
        Debug = "DEBUG",
        /// Everything.
        Trace = "TRACE",
    }
}
