//! `collect`: settles what is to be recorded, says what will be wrong with it, and records.

use std::time::Duration;

use collector::{Event, Finding, Machine, Plan, Verdict, arguments, findings, watched_interface};
use display::printable;
use tracing::{info, warn};

use crate::args::CollectArgs;
use app::RunOutcome;

use crate::failure::Failure;
use settings::{Environment, Rotate, RoutedBridges, Settings};

/// Records until a signal comes, which is the usual end.
///
/// # Errors
/// If an argument for bandwhich is refused, this machine lacks what is needed, or another collector
/// is at work.
pub fn run(
    args: &CollectArgs,
    settings: &Settings,
    environment: &Environment,
) -> Result<RunOutcome, Failure> {
    let collect = &settings.collect;
    let given = [&collect.args[..], &args.bandwhich].concat();
    let arguments = arguments(&given, collect.resolve_names, collect.show_dns)
        .map_err(|refused| Failure::Usage(refused.to_string()))?;
    let path = environment.variables.get("PATH").map(AsRef::as_ref);
    let prefers_uplink = collect.routed_bridges == RoutedBridges::Uplink;
    let machine = Machine {
        watched: watched_interface(&arguments).map(str::to_owned),
        wanted_buffer: collect.capture_buffer,
        prefers_uplink,
        ..Machine::look(&collect.bandwhich, path)
    };
    for finding in findings(&machine) {
        judge(finding)?;
    }
    let capture_buffer = usize::try_from(machine.capture_buffer()).unwrap_or(0);
    let program = machine
        .bandwhich
        .ok_or_else(|| Failure::Usage("bandwhich vanished while it was checked".to_owned()))?;
    let folder = lifecycle::collector_folder(settings)?;
    files::create_folder(&folder)?;
    let plan = Plan {
        program,
        arguments,
        version: machine
            .version
            .map_or_else(String::new, |version| version.to_string()),
        folder,
        rotate: match collect.rotate {
            Rotate::Hourly => collector::Rotate::Hourly,
            Rotate::Daily => collector::Rotate::Daily,
        },
        zone: settings.time_zone.clone(),
        pids: collect.pids,
        interfaces: collect.interfaces,
        capture_buffer,
        prefers_uplink,
        sync: Duration::from_secs(collect.sync_seconds.into()),
    };
    let ending = collector::collect(&plan, &mut |event| match event {
        Event::Done(what) => info!("{}", printable(&what)),
        Event::Trouble(what) => warn!("{}", printable(&what)),
    })?;
    info!(
        "stopped by signal {}: {} in {}, bandwhich was started {}",
        ending.signal,
        display::counted(ending.frames, "frame", "frames"),
        display::counted(ending.logs, "log", "logs"),
        display::counted(ending.starts, "time", "times")
    );
    Ok(RunOutcome::Done)
}

fn judge(finding: Finding) -> Result<(), Failure> {
    let Finding {
        about,
        verdict,
        found,
        cure,
    } = finding;
    let cure = cure.unwrap_or_default();
    match verdict {
        Verdict::Good => {}
        // Whether a right is really missing, bandwhich says best.
        Verdict::Bad if about == "bandwhich" => {
            return Err(Failure::Machine { about, found, cure });
        }
        Verdict::Warning | Verdict::Bad => {
            warn!("{about}: {}; cure: {}", printable(&found), printable(&cure));
        }
    }
    Ok(())
}
