//! The fuzz target `case_file`; what it checks stands in `upspec_fuzzing::case_file`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_fuzzing::case_file(octets));
