//! The fuzz target `case_file`; what it checks stands in `upspec_promises::case_file`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::case_file(octets));
