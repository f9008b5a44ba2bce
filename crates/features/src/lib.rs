//! Dependencies and no code. Every crate has this one among its dev-dependencies, so that cargo chooses the same
//! features for `cargo test -p CRATE` as for the whole workspace, and compiles no dependency twice.
