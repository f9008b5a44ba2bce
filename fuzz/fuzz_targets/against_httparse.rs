//! The fuzz target `against_httparse`; what it checks stands in `upspec_promises::against_httparse`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::against_httparse(octets));
