//! The fuzz target `http2_frames`; what it checks stands in `upspec_promises::http2_frames`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::http2_frames(octets));
