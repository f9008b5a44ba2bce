//! Our reading of a request head against httparse's: what we accept without a violation it accepts
//! and reads the same, and vice versa. Every known difference is listed with its reason.

use upspec_handshake::{RequestHead, Status, Version, ViolationKind};

use crate::planted;

/// Checks one input of the target `against_httparse`.
pub fn against_httparse(octets: &[u8]) {
    let ours = RequestHead::parse(octets);
    let mut slots = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut theirs = httparse::Request::new(&mut slots);
    let said = theirs.parse(octets);
    match (&ours, said) {
        (Status::Complete(head), Ok(httparse::Status::Complete(length))) => {
            assert_eq!(head.len, length, "the head ends elsewhere");
            same(&planted::head(head), &theirs);
            let odd = head.violations.iter().find(|one| !tolerates(one.kind));
            assert!(odd.is_none(), "httparse lets {odd:?} pass");
        }
        (Status::Complete(head), Err(error)) => {
            assert!(!head.violations.is_empty() || refuses(head, error), "httparse says {error}");
        }
        (Status::Complete(head), Ok(httparse::Status::Partial)) => {
            assert!(!head.violations.is_empty(), "httparse waits for more");
        }
        (Status::Partial, Ok(httparse::Status::Complete(length))) => {
            panic!("httparse sees the end of a head after {length} octets");
        }
        (Status::Partial, _) => {}
    }
}

/// The loop of the target `request_head`, with httparse in our place: what our speed is measured by.
pub fn peer(octets: &[u8]) {
    let mut slots = [httparse::EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut slots);
    if let Ok(httparse::Status::Complete(length)) = request.parse(octets) {
        assert!(0 < length && length <= octets.len());
        assert!(request.method.is_some() && request.path.is_some());
        for header in request.headers.iter() {
            assert!(header.name.len() + header.value.len() < length);
        }
    }
}

fn same(ours: &RequestHead<'_>, theirs: &httparse::Request<'_, '_>) {
    assert_eq!(Some(ours.method), theirs.method.map(str::as_bytes));
    assert_eq!(Some(ours.target), theirs.path.map(str::as_bytes));
    let minor = theirs.version.map(|minor| Version { major: 1, minor });
    assert_eq!(ours.version, minor);
    assert_eq!(ours.fields.len(), theirs.headers.len());
    for (line, header) in ours.fields.iter().zip(theirs.headers.iter()) {
        assert_eq!(line.name, header.name.as_bytes());
        assert_eq!(line.value, header.value);
    }
}

/// What httparse takes without an error that we note.
pub(crate) fn tolerates(kind: ViolationKind) -> bool {
    matches!(
        kind,
        // A recipient may take LF for a line end, and so it does (RFC 9112 2.2).
        ViolationKind::BareLf
            // A server ignores empty lines before the request line (RFC 9112 2.2).
            | ViolationKind::LeadingEmptyLine
            // It takes any visible octet, and any above 0x7f.
            | ViolationKind::TargetOctet
    )
}

/// What httparse refuses that we take as it is.
fn refuses(head: &RequestHead<'_>, error: httparse::Error) -> bool {
    match error {
        // It knows HTTP/1.0 and HTTP/1.1 only; any digits are a version (RFC 9112 2.3).
        httparse::Error::Version => {
            head.version != Some(Version::HTTP_10) && head.version != Some(Version::HTTP_11)
        }
        // Its slots are counted.
        httparse::Error::TooManyHeaders => head.fields.len() > MOST_FIELDS,
        _ => false,
    }
}

/// Room for more field lines than a request of interest has.
const MOST_FIELDS: usize = 64;
