//! The fuzz target `permitted`; what it checks stands in `upspec_promises::permitted`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::permitted(octets));
