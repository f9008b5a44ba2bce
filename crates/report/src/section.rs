//! References to sections of RFCs, as the registry spells them: `rfc9110/7.8`.

/// A reference to a section, split up. The order is the natural one: 4.2 before 4.10, and
/// appendices after the numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Section {
    /// The number of the RFC.
    pub(crate) rfc: u32,
    /// The parts between the dots.
    parts: Vec<Part>,
}

impl Section {
    /// Reads `rfc9110/7.8`; `None` when it is anything else.
    pub(crate) fn parse(reference: &str) -> Option<Self> {
        let (rfc, section) = reference.split_once('/')?;
        let parts = section.split('.').map(Part::parse);
        Some(Self { rfc: digits(rfc.strip_prefix("rfc")?)?, parts: parts.collect::<Option<_>>()? })
    }

    /// Reads the section out of a requirement's id: `rfc9110/7.8-http10`.
    pub(crate) fn of_requirement(id: &str) -> Option<Self> {
        Self::parse(id.split('-').next()?)
    }

    /// `7.8`, `A.1`.
    pub(crate) fn number(&self) -> String {
        let parts: Vec<String> = self.parts.iter().map(Part::text).collect();
        parts.join(".")
    }

    /// `RFC 9110 section 7.8`.
    pub(crate) fn name(&self) -> String {
        format!("RFC {} {} {}", self.rfc, self.kind(), self.number())
    }

    /// `Section 7.8`, for where the RFC is named already.
    pub(crate) fn title(&self) -> String {
        match self.is_appendix() {
            true => format!("Appendix {}", self.number()),
            false => format!("Section {}", self.number()),
        }
    }

    /// Where the section can be read.
    pub(crate) fn url(&self) -> String {
        let (rfc, kind, number) = (self.rfc, self.kind(), self.number());
        format!("https://www.rfc-editor.org/rfc/rfc{rfc}#{kind}-{number}")
    }

    fn kind(&self) -> &'static str {
        match self.is_appendix() {
            true => "appendix",
            false => "section",
        }
    }

    fn is_appendix(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Letter(_)))
    }
}

/// The title of an RFC that the registry cites.
pub(crate) fn rfc_title(rfc: u32) -> Option<&'static str> {
    let row = TITLES.iter().find(|(number, _)| *number == rfc);
    row.map(|(_, title)| *title)
}

/// One part of a section's number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u32),
    Letter(char),
}

impl Part {
    fn parse(part: &str) -> Option<Self> {
        if let Some(number) = digits(part) {
            return Some(Self::Number(number));
        }
        let mut chars = part.chars();
        match (chars.next(), chars.next()) {
            (Some(letter), None) if letter.is_ascii_alphabetic() => Some(Self::Letter(letter)),
            _ => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Letter(letter) => letter.to_string(),
        }
    }
}

fn digits(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

const TITLES: [(u32, &str); 15] = [
    (2817, "Upgrading to TLS Within HTTP/1.1"),
    (3986, "Uniform Resource Identifier"),
    (4648, "Base-N Encodings"),
    (6455, "The WebSocket Protocol"),
    (7230, "HTTP/1.1 Message Syntax and Routing"),
    (7231, "HTTP/1.1 Semantics and Content"),
    (7540, "HTTP/2"),
    (7692, "Compression Extensions for WebSocket"),
    (7936, "The WebSocket Subprotocol Name Registry"),
    (8441, "Bootstrapping WebSockets with HTTP/2"),
    (9110, "HTTP Semantics"),
    (9111, "HTTP Caching"),
    (9112, "HTTP/1.1"),
    (9113, "HTTP/2"),
    (9220, "Bootstrapping WebSockets with HTTP/3"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_have_names_and_addresses() {
        let rows = [
            ("rfc9110/7.8", "RFC 9110 section 7.8", "rfc9110#section-7.8"),
            ("rfc7230/A.1", "RFC 7230 appendix A.1", "rfc7230#appendix-A.1"),
        ];
        for (reference, name, end) in rows {
            let section = Section::parse(reference).unwrap();
            assert_eq!(section.name(), name);
            assert_eq!(section.url(), format!("https://www.rfc-editor.org/rfc/{end}"));
        }
    }

    #[test]
    fn other_references_are_refused() {
        for reference in ["", "rfc9110", "rfc/1", "rfc1/", "rfc1/\"onx", "rfc-1/2", "rfc1/+2"] {
            assert_eq!(Section::parse(reference), None, "{reference}");
        }
    }

    #[test]
    fn the_order_is_natural() {
        let order = ["rfc6455/4.2.1", "rfc6455/4.2.10", "rfc6455/10", "rfc6455/A.1", "rfc9110/1"];
        let parsed: Vec<_> = order.iter().map(|text| Section::parse(text).unwrap()).collect();
        assert!(parsed.is_sorted());
        assert_eq!(Section::of_requirement("rfc9110/7.8-http10"), Section::parse("rfc9110/7.8"));
    }
}
