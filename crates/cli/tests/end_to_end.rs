//! The binary over logs as a user has them: what it writes, what it says, and how it ends.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "end_to_end/analyses.rs"]
mod analyses;
#[path = "end_to_end/archive.rs"]
mod archive;
#[cfg(target_os = "linux")]
#[path = "end_to_end/bounds.rs"]
mod bounds;
#[cfg(target_os = "linux")]
#[path = "end_to_end/collecting.rs"]
mod collecting;
#[path = "end_to_end/containers.rs"]
mod containers;
#[path = "end_to_end/damage.rs"]
mod damage;
#[cfg(target_os = "linux")]
#[path = "end_to_end/doctor.rs"]
mod doctor;
#[path = "end_to_end/doubtful_archives.rs"]
mod doubtful_archives;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[path = "end_to_end/faults.rs"]
mod faults;
#[cfg(unix)]
#[path = "end_to_end/folders.rs"]
mod folders;
#[path = "end_to_end/growing.rs"]
mod growing;
#[path = "end_to_end/health.rs"]
mod health;
#[path = "end_to_end/hostile.rs"]
mod hostile;
#[path = "end_to_end/hosts.rs"]
mod hosts;
#[path = "end_to_end/identity.rs"]
mod identity;
#[path = "end_to_end/incidents.rs"]
mod incidents;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[path = "end_to_end/injector.rs"]
mod injector;
#[path = "end_to_end/lab.rs"]
mod lab;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[path = "end_to_end/machine.rs"]
mod machine;
#[path = "end_to_end/mail.rs"]
mod mail;
#[cfg(unix)]
#[path = "end_to_end/mail_faults.rs"]
mod mail_faults;
#[path = "end_to_end/pages.rs"]
mod pages;
#[path = "end_to_end/patterns.rs"]
mod patterns;
#[path = "end_to_end/post_office.rs"]
mod post_office;
#[cfg(unix)]
#[path = "end_to_end/processes.rs"]
mod processes;
#[path = "end_to_end/quotas.rs"]
mod quotas;
#[path = "end_to_end/retention.rs"]
mod retention;
#[path = "end_to_end/rotated_names.rs"]
mod rotated_names;
#[path = "end_to_end/samples.rs"]
mod samples;
#[cfg(target_os = "linux")]
#[path = "end_to_end/setup.rs"]
mod setup;
#[path = "end_to_end/show.rs"]
mod show;
#[cfg(target_os = "linux")]
#[path = "end_to_end/soak.rs"]
mod soak;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[path = "end_to_end/state.rs"]
mod state;
#[path = "end_to_end/store.rs"]
mod store;
#[path = "end_to_end/store_faults.rs"]
mod store_faults;
#[path = "end_to_end/usage.rs"]
mod usage;
#[path = "end_to_end/zones.rs"]
mod zones;
