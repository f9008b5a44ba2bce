//! The fuzz target `against_hyper`; what it checks stands in `upspec_promises::against_hyper`.
//! Never holds a check of its own.

#![no_main]

libfuzzer_sys::fuzz_target!(|octets: &[u8]| upspec_promises::against_hyper(octets));

libfuzzer_sys::fuzz_mutator!(|octets: &mut [u8], len: usize, most: usize, seed: u32| {
    let most = most.min(octets.len());
    upspec_promises::mutate_head(&mut octets[..most], len.min(most), seed)
        .unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(octets, len, most))
});
