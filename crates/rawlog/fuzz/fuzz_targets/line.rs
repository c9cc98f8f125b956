#![no_main]

#[expect(dead_code, reason = "the other target uses the rest")]
#[path = "../checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|line: &[u8]| checks::check_line(line));
