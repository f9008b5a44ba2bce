//! The table of faults is complete and sound.

use std::collections::BTreeSet;
use std::path::Path;

use super::{FAULTS, Fault};

#[test]
fn names_are_kebab_case_unique_and_found() {
    let names: BTreeSet<&str> = FAULTS.iter().map(|info| info.name).collect();
    assert_eq!(names.len(), FAULTS.len());
    for info in FAULTS {
        let spelled =
            |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        assert!(info.name.bytes().all(spelled), "{}", info.name);
        assert!(info.summary.ends_with('.'), "{}", info.name);
        assert_eq!(Fault::named(info.name), Some(info.fault));
        assert_eq!(info.fault.info().name, info.name);
    }
}

#[test]
fn every_fault_breaks_a_requirement_of_the_registry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/requirements");
    let mut registry = String::new();
    for file in std::fs::read_dir(folder).unwrap() {
        registry += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    for info in FAULTS {
        let id = format!("id = \"{}\"", info.requirement);
        assert!(registry.contains(&id), "{}: {}", info.name, info.requirement);
    }
}
