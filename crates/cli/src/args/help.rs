//! What stands below the options of each command: examples, and what an option alone cannot say.

pub(super) const EXAMPLES: &str = "\
Examples:
  network-monitor report                     every day that has new logs
  network-monitor report --date yesterday    one day
  network-monitor show                       who moved how much today
  network-monitor status                     what is pending, what was done
  network-monitor setup --system             folders, settings and services for all of it
  network-monitor doctor                     what is wrong, and the cure

Settings are read from config/settings.yaml, else
$XDG_CONFIG_HOME/network-monitor/settings.yaml, else /etc/network-monitor/settings.yaml.
NETWORK_MONITOR__SECTION__KEY in the environment overrides the file; an option overrides both.

Exit codes:
    0  done, also when there was nothing to do
    1  failed
    2  wrong usage or settings
    3  done, but something needs attention
    4  a quota is used up (only with report --check-quota)
    5  another run holds the store
  130  interrupted by SIGINT
  143  interrupted by SIGTERM";

pub(super) const REPORT_HELP: &str = "\
WHEN is one of:
  today, yesterday      that day
  7d, 30d               the last so many days, today included
  week, month           the same as 7d and 30d
  last-week, last-month the week (Monday to Sunday) or month of the calendar before this one
  YYYYMMDD, YYYY-MM-DD  a day
  YYYY-Www              a week of the calendar, such as 2025-W01
  YYYYMM, YYYY-MM       a month
  YYYY                  a year
  A..B                  from day A to day B, both included; B may be today or yesterday
  ..B                   from the beginning of the history to day B
Without --date: every day that has logs not yet reported.

Examples:
  network-monitor report
  network-monitor report --date 2025-01-01..2025-01-07 --write json,parquet
  network-monitor report --date 202501 --output /tmp/january --no-email
  network-monitor report --dry-run";

pub(super) const INGEST_HELP: &str = "\
A log is identified by its content: ingesting it again, renamed or compressed, adds nothing. In a
folder, *.log and its rotated forms (*.log.1, *.log-20250131) are read, also with .gz or .zst; a
file that is given as an argument is read whatever its name.

Examples:
  network-monitor ingest                                   all logs in paths.log_dir
  network-monitor ingest old/*.log.gz --host web2          another machine's logs
  bandwhich --raw | network-monitor ingest -               straight from bandwhich";

pub(super) const COLLECT_HELP: &str = "\
Runs bandwhich until it is stopped (SIGTERM, Ctrl-C) and writes what it prints, unchanged, to
paths.log_dir/bandwhich_YYYYMMDD_HHMM.log: a new log each hour or day (collect.rotate), begun
between two frames. It also notes process ids and the kernel's counters, which bandwhich does not
print. bandwhich needs root or capabilities: if some are missing, it says which.

Examples:
  network-monitor collect                                  all interfaces
  network-monitor collect -- --interface eth0 --show-dns   these arguments are bandwhich's";

pub(super) const ARCHIVE_HELP: &str = "\
A log is archived once it is in the history, its day is over and nobody writes to it any more. It is
read back from the archive before it is removed. `report` does all this automatically.

Examples:
  network-monitor archive --dry-run                    what would be archived and deleted
  network-monitor archive verify                       check that the archives are intact
  network-monitor archive restore 2025-01-01 --to /tmp/logs
  network-monitor archive forget 2025-01-01            stop reporting an archive that is gone";

pub(super) const EMAIL_HELP: &str = "\
Letters that could not be sent wait in the outbox; each report sends them again, with growing pauses.

Examples:
  network-monitor email test                               test each step of sending a letter
  network-monitor email preview --date yesterday --open    the letter, in your mail program
  network-monitor email flush                              send the waiting letters now";

pub(super) const CONFIG_HELP: &str = "\
Examples:
  network-monitor config init
  network-monitor config check /etc/network-monitor/settings.yaml
  NETWORK_MONITOR__REPORTS__TOP_N=20 network-monitor config show";

pub(super) const COMPLETIONS_HELP: &str = "\
Examples:
  network-monitor completions bash > ~/.local/share/bash-completion/completions/network-monitor
  network-monitor completions zsh > ~/.zfunc/_network-monitor
  network-monitor completions fish > ~/.config/fish/completions/network-monitor.fish";

pub(super) const STATUS_HELP: &str = "\
-v adds paths, the last run, what the history holds and the letters that wait. It exits with 3 if
something needs attention.

Examples:
  network-monitor status
  network-monitor status -v
  network-monitor status --forget old/notes.txt    stop reporting a log that is none";

pub(super) const DOCTOR_HELP: &str = "\
It logs in to the mail server but sends nothing, and changes nothing. When run as root, it checks
what the service account may access. It exits with 3 if it finds a fault.

Examples:
  sudo network-monitor doctor            the machine's services and settings
  network-monitor -c mine.yaml doctor    with other settings
  network-monitor doctor --json          for other programs";

pub(super) const SETUP_HELP: &str = "\
Existing files are left as they are, so it can be run again, also after an update.

Examples:
  network-monitor setup --system --dry-run     what it would do
  sudo network-monitor setup --system          services of the machine, settings in /etc
  network-monitor setup --user                 your own services and settings";

pub(super) const FILES_HELP: &str = "\
The list is that of one moment: reading exactly these files counts nothing twice. Hold a shared lock
on the file readers in the store meanwhile, so that none of them is removed.

Examples:
  network-monitor store files
  network-monitor store files --table buckets --host web1 --from 2026-03-01 --to 2026-03-31
  flock --shared STORE/readers sh -c 'network-monitor store files > list && my-reader list'";

pub(super) const MAN_HELP: &str = "\
Examples:
  network-monitor man | man -l -
  network-monitor man --output /usr/local/share/man/man1";
