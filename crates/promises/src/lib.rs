//! What the fuzz targets check: functions that take any octets and panic when a promise is broken.
//! Users do not install this crate; the libFuzzer side is a workspace of its own, in `fuzz/`.
//!
//! Every target is a row of [`TARGETS`]. The same bodies run under libFuzzer and in `cargo test`,
//! which replays the seeds and every input that once broke something.

mod against_httparse;
mod against_hyper;
mod against_tungstenite;
mod both_ends;
mod case_file;
mod extensions;
mod http2_frames;
mod judge;
mod mutate;
mod permitted;
mod pieces;
mod planted;
mod record_input;
mod request_head;
mod response_head;
mod roles;
mod roundtrip;
pub mod seeds;
mod server;
pub mod speed;
mod split;
mod stored;
mod written;

pub use against_httparse::{against_httparse, peer};
pub use against_hyper::against_hyper;
pub use against_tungstenite::against_tungstenite;
pub use case_file::case_file;
pub use extensions::extensions;
pub use http2_frames::http2_frames;
pub use judge::judge;
pub use mutate::mutate_head;
pub use permitted::permitted;
pub use request_head::request_head;
pub use response_head::response_head;
pub use roles::roles;
pub use roundtrip::roundtrip;
pub use server::server;
pub use split::split;
pub use stored::stored;
pub use written::written;

use seeds::Material;

/// A fuzz target.
#[derive(Clone, Copy)]
pub struct Target {
    /// The name of its file in `fuzz/fuzz_targets/`, and of its folders of inputs.
    pub name: &'static str,
    /// Checks one input; panics when a promise is broken.
    pub check: fn(&[u8]),
    /// Makes inputs from the corpus and the stored reports.
    pub seeds: fn(&Material) -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "against_httparse", check: against_httparse, seeds: seeds::requests },
    Target { name: "against_hyper", check: against_hyper, seeds: seeds::requests },
    Target { name: "against_tungstenite", check: against_tungstenite, seeds: seeds::requests },
    Target { name: "case_file", check: case_file, seeds: case_file::seeds },
    Target { name: "extensions", check: extensions, seeds: extensions::seeds },
    Target { name: "http2_frames", check: http2_frames, seeds: http2_frames::seeds },
    Target { name: "judge", check: judge, seeds: judge::seeds },
    Target { name: "permitted", check: permitted, seeds: seeds::requests },
    Target { name: "request_head", check: request_head, seeds: seeds::requests },
    Target { name: "response_head", check: response_head, seeds: seeds::responses },
    Target { name: "roles", check: roles, seeds: roles::seeds },
    Target { name: "roundtrip", check: roundtrip, seeds: roundtrip::seeds },
    Target { name: "server", check: server, seeds: server::seeds },
    Target { name: "split", check: split, seeds: split::seeds },
    Target { name: "stored", check: stored, seeds: stored::seeds },
    Target { name: "written", check: written, seeds: written::seeds },
];
