//! The fuzz target `request_head`; what it checks stands in `upspec_promises::request_head`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::request_head(octets));
