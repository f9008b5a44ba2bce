//! The fuzz target `written`; what it checks stands in `upspec_promises::written`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::written(octets));
