//! The fuzz target `against_tungstenite`; what it checks stands in `upspec_promises::against_tungstenite`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::against_tungstenite(octets));
