//! The binary `upspec`. All that it does is in the library.

use std::process::ExitCode;

/// Reports are read, judged and written in many small pieces, on all processors.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    upspec_cli::main()
}
