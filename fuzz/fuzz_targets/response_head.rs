//! The fuzz target `response_head`; what it checks stands in `upspec_promises::response_head`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::response_head(octets));
