//! The fuzz target `server`; what it checks stands in `upspec_promises::server`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::server(octets));
