//! The fuzz target `roundtrip`; what it checks stands in `upspec_fuzzing::roundtrip`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_fuzzing::roundtrip(octets));
