//! The binary `upspec`. All that it does is in the library.

use std::process::ExitCode;

/// That of musl is slow where many pieces are asked for on all processors.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    upspec_cli::main()
}
