//! The fuzz target `request_head`; what it checks stands in `upspec_promises::request_head`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::request_head(octets));

libfuzzer_sys::fuzz_mutator!(|octets: &mut [u8], len: usize, most: usize, seed: u32| {
    let most = most.min(octets.len());
    upspec_promises::mutate_head(&mut octets[..most], len.min(most), seed)
        .unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(octets, len, most))
});
