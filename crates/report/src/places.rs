//! Where the documentation has a case, a requirement or a fault.

use upspec_corpus::case::Role;
use upspec_corpus::words::Word as _;

/// The documentation as `cargo xtask docs` makes it, somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Docs(String);

impl Docs {
    /// The documentation at this address. `None` when it is no address of the web, or has something in it that an
    /// address may not have.
    #[must_use]
    pub fn at(address: &str) -> Option<Self> {
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
        if rest.is_empty() || !rest.chars().all(|c| c.is_ascii_alphanumeric() || PLAIN.contains(c))
        {
            return None;
        }
        let slash = if address.ends_with('/') { "" } else { "/" };
        Some(Self(format!("{address}{slash}")))
    }

    /// The documentation from one of its own pages that stands at its root.
    #[must_use]
    pub const fn here() -> Self {
        Self(String::new())
    }

    /// The address of the whole.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.0
    }

    /// The address of a case.
    #[must_use]
    pub fn case(&self, id: &str) -> String {
        let (topic, name) = id.rsplit_once('/').unwrap_or((id, ""));
        format!("{}cases/{}.html#{}", self.0, plain(topic), plain(name))
    }

    /// The address of a requirement.
    #[must_use]
    pub fn requirement(&self, id: &str) -> String {
        let (rfc, rest) = id.split_once('/').unwrap_or((id, ""));
        format!("{}requirements/{}.html#{}", self.0, plain(rfc), plain(rest))
    }

    /// The address of a fault of the reference for a role.
    #[must_use]
    pub fn fault(&self, role: Role, name: &str) -> String {
        format!("{}faults/{}.html#{}", self.0, role.word(), plain(name))
    }
}

/// An id as it may stand in an address: a stored report may hold anything.
fn plain(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || "-._/".contains(*c)).collect()
}

/// What an address may have besides letters and digits.
const PLAIN: &str = "-._~:/[]@!$&()*+,;=%?";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_its_place() {
        let docs = Docs::at("https://example.org/upspec").unwrap();
        let root = "https://example.org/upspec/";
        assert_eq!(docs.root(), root);
        assert_eq!(docs.case("server/key/short"), format!("{root}cases/server/key.html#short"));
        let rule = docs.requirement("rfc6455/4.2.1-key");
        assert_eq!(rule, format!("{root}requirements/rfc6455.html#4.2.1-key"));
        let fault = docs.fault(Role::Intermediary, "no-via");
        assert_eq!(fault, format!("{root}faults/intermediary.html#no-via"));
        assert_eq!(Docs::here().case("server/key/short"), "cases/server/key.html#short");
    }

    #[test]
    fn an_address_is_of_the_web_and_plain() {
        for address in ["javascript:alert(1)", "https://", "https://a/\"onclick", "ftp://a", "a"] {
            assert_eq!(Docs::at(address), None, "{address}");
        }
        assert_eq!(Docs::here().case("a/\"><b>"), "cases/a.html#b");
    }
}
