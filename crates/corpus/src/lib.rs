//! Case files and the requirement registry: TOML in, cases and exact bytes out.
//! No verdict depends on its code: that is for the judge.
//!
//! Files go through `files` (where they are), `raw` (their shape), `read` (their meaning) to
//! [`Corpus`]; what is wrong on the way is a [`Problem`] with a place in a [`LoadError`].

/// Where no schema is asked for, its derive writes nothing.
#[cfg(not(feature = "schema"))]
extern crate upspec_noschema as schemars;

mod act;
mod bindings;
pub mod case;
mod conditions;
mod corpus;
mod digest;
mod files;
mod first;
pub mod frames;
mod nearest;
mod outcome;
mod print;
mod problem;
mod raw;
mod read;
pub mod registry;
mod role;
#[cfg(feature = "schema")]
mod schema;
pub mod select;
mod show;
pub mod template;
pub mod text;
pub mod words;

pub use bindings::Bindings;
pub use case::{Case, Preset, Source};
pub use corpus::{Corpus, Topic};
pub use nearest::{did_you_mean, nearest};
pub use print::case_file;
pub use problem::{LoadError, Problem};
pub use registry::{Binds, Harm, HarmKind, Level, Registry, Requirement, Weight, section_url};
#[cfg(feature = "schema")]
pub use schema::schema;
pub use show::show;
pub use template::Template;
