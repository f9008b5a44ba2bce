//! The rows are complete and sound.

use std::collections::BTreeSet;
use std::path::Path;

use super::Fault;

#[test]
fn names_are_kebab_case_unique_and_found() {
    let names: BTreeSet<&str> = Fault::all().map(|fault| fault.name).collect();
    assert_eq!(names.len(), Fault::all().count());
    for fault in Fault::all() {
        let spelled =
            |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        assert!(fault.name.bytes().all(spelled), "{fault:?}");
        assert!(fault.summary.ends_with('.'), "{fault:?}");
        assert!(fault.effects().next().is_some(), "{fault:?} does nothing");
        assert_eq!(Fault::named(fault.name), Some(fault));
    }
}

#[test]
fn every_fault_breaks_requirements_of_the_registry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../cases/requirements");
    let mut registry = String::new();
    for file in std::fs::read_dir(folder).unwrap() {
        registry += &std::fs::read_to_string(file.unwrap().path()).unwrap();
    }
    for fault in Fault::all() {
        for requirement in fault.also.iter().chain([&fault.breaks]) {
            let id = format!("id = \"{requirement}\"");
            assert!(registry.contains(&id), "{fault:?}: {requirement}");
        }
    }
}
