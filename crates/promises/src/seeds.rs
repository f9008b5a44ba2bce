//! Makes inputs for the targets from the corpus and the stored reports, and writes them
//! into folders. It does not overwrite an input that a person put there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use upspec_corpus::case::{Act, Case};
use upspec_corpus::{Bindings, Corpus};
use upspec_exchange::{IoKind, Record};
use upspec_handshake::peer::Service;

use crate::{TARGETS, both_ends};

/// What inputs are made from.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// The cases of the corpus.
    pub cases: Vec<Case>,
    /// What the cases write, each as one text.
    pub requests: Vec<Vec<u8>>,
    /// What servers have answered: our model to each request, and the servers of the reports.
    pub responses: Vec<Vec<u8>>,
    /// The records of the reports, each with the id of its case.
    pub records: Vec<(String, Record)>,
}

impl Material {
    /// The material of the corpus.
    pub fn of_corpus(corpus: &Corpus) -> Self {
        let requests: BTreeSet<Vec<u8>> = corpus.cases.iter().filter_map(written).collect();
        let service = Service { subprotocols: vec![b"chat".to_vec()], ..Service::default() };
        let answers = requests.iter().filter_map(|request| both_ends::answer(request, &service));
        let responses: BTreeSet<Vec<u8>> = answers.map(|answered| answered.octets).collect();
        Self {
            cases: corpus.cases.to_vec(),
            requests: requests.into_iter().collect(),
            responses: responses.into_iter().collect(),
            records: Vec::new(),
        }
    }

    /// Adds the records of a stored report. The rest of it is ignored.
    ///
    /// # Errors
    ///
    /// The text is not JSON, or a record in it cannot be read.
    pub fn add_report(&mut self, text: &str) -> Result<(), serde_json::Error> {
        let report: Value = serde_json::from_str(text)?;
        for case in report["cases"].as_array().into_iter().flatten() {
            let id = case["id"].as_str().unwrap_or_default();
            for record in [&case["record"], &case["twin"]].into_iter().filter(|one| one.is_object())
            {
                self.add_record(id, serde_json::from_value(record.clone())?);
            }
        }
        Ok(())
    }

    fn add_record(&mut self, id: &str, record: Record) {
        let read = record.links.first().map(|link| record.sent(0, link.we.other()));
        let read = read.unwrap_or_default();
        let is_new = !read.is_empty() && !self.responses.contains(&read);
        if is_new && read.len() <= LONGEST && !record.saw(IoKind::CapReached) {
            self.responses.push(read);
        }
        self.records.push((id.to_owned(), record));
    }
}

/// Writes the inputs of every target into a folder of its name, and returns their number. A name
/// is the SHA-256 of the input, so that folders can be put together.
///
/// # Errors
///
/// A folder or a file cannot be written.
pub fn export(material: &Material, folder: &Path) -> io::Result<Vec<(&'static str, usize)>> {
    let mut written = Vec::new();
    for target in TARGETS {
        let folder = folder.join(target.name);
        fs::create_dir_all(&folder)?;
        let inputs: BTreeSet<Vec<u8>> = (target.seeds)(material).into_iter().collect();
        for input in &inputs {
            fs::write(path(&folder, input), input)?;
        }
        written.push((target.name, inputs.len()));
    }
    Ok(written)
}

fn path(folder: &Path, input: &[u8]) -> PathBuf {
    let hash = Sha256::digest(input);
    let name: String = hash.iter().take(16).map(|octet| format!("{octet:02x}")).collect();
    folder.join(name)
}

/// The requests as they are: for targets that take a request head.
pub(crate) fn requests(material: &Material) -> Vec<Vec<u8>> {
    material.requests.clone()
}

/// The answers as they are: for targets that take a response head.
pub(crate) fn responses(material: &Material) -> Vec<Vec<u8>> {
    let of_cases = material.requests.iter().filter(|text| text.starts_with(b"HTTP/"));
    material.responses.iter().chain(of_cases).cloned().collect()
}

/// All that a case writes before anything is answered, if it is short enough to be played with.
#[must_use]
pub fn written(case: &Case) -> Option<Vec<u8>> {
    let bindings = Bindings::example();
    let mut octets = Vec::new();
    for step in &case.steps {
        match &step.act {
            Act::Send(template) => template.render_into(&mut octets, &bindings),
            Act::Repeat { times, bytes } => {
                for _ in 0..*times {
                    bytes.render_into(&mut octets, &bindings);
                    if octets.len() > LONGEST {
                        return None;
                    }
                }
            }
            Act::H2(frames) => frames.render_into(&mut octets, &bindings),
            _ => {}
        }
    }
    (!octets.is_empty() && octets.len() <= LONGEST).then_some(octets)
}

/// Longer inputs slow a fuzzer down more than they teach it.
const LONGEST: usize = 4096;
