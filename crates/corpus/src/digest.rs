//! The digest that names a set of case files. The build script has it, too.

use sha2::{Digest as _, Sha256};

/// `sha256:…` over path and text of each file, with lengths, so that no two sets look alike.
pub(crate) fn digest<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> String {
    let mut hash = Sha256::new();
    for (path, text) in files {
        for part in [path, text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    let octets = hash.finalize();
    let hex: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("sha256:{hex}")
}
