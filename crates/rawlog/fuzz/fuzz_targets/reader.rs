#![no_main]

#[expect(dead_code, reason = "the other target uses the rest")]
#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|log: &[u8]| checks::check_reader(log));
