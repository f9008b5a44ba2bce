//! httparse in the loop of `request_head`: the measure for the speed of that target.
//! Never looks for bugs in httparse.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::peer(octets));
