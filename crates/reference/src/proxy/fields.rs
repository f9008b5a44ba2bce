//! Which fields end at this hop (RFC 9110 7.6.1), and which the gateway writes itself.

use upspec_handshake::field::{connection, elements_of, upgrade};
use upspec_handshake::{FieldLine, Fields};

/// The connection options of a message, in lower case.
pub(super) fn options(fields: &Fields<'_>) -> Vec<Vec<u8>> {
    let options = connection::options(fields.values("Connection")).flatten();
    options.map(<[u8]>::to_ascii_lowercase).collect()
}

/// Whether a line is passed on as it is: it is not one of those that the gateway writes itself, is not known to be
/// of one hop, and Connection does not name it.
pub(super) fn is_passed_on(line: &FieldLine<'_>, options: &[Vec<u8>]) -> bool {
    let name = line.name.to_ascii_lowercase();
    !line.name.is_empty()
        && !OWN.contains(&name.as_slice())
        && !OF_ONE_HOP.contains(&name.as_slice())
        && !options.contains(&name)
}

/// Whether a line of a trailer section is passed on: there no field may stand that frames or routes a message
/// (RFC 9110 6.5.1).
pub(super) fn is_trailer_passed_on(line: &[u8], options: &[Vec<u8>]) -> bool {
    let name = line.split(|&octet| octet == b':').next().unwrap_or_default();
    is_passed_on(&FieldLine::new(name, &b""[..]), options)
}

/// The protocols in Upgrade that the gateway offers on: what it can relay without a part in it. TLS and HTTP itself
/// are matters of one hop.
pub(super) fn offered(fields: &Fields<'_>) -> Vec<Vec<u8>> {
    let is_relayed = |element: &&[u8]| {
        upgrade::Protocol::parse(element).is_some_and(|protocol| {
            let name = protocol.name.to_ascii_lowercase();
            !matches!(name.as_slice(), b"h2c" | b"h2" | b"http" | b"tls")
        })
    };
    elements_of(fields.values("Upgrade")).filter(is_relayed).map(<[u8]>::to_vec).collect()
}

/// Fields that are about one connection even where Connection does not name them (RFC 9110 7.6.1; RFC 7540 3.2.1).
const OF_ONE_HOP: [&[u8]; 7] = [
    b"connection",
    b"http2-settings",
    b"keep-alive",
    b"proxy-connection",
    b"te",
    b"transfer-encoding",
    b"upgrade",
];

/// Fields that the gateway writes itself, whatever Connection names.
const OWN: [&[u8]; 2] = [b"content-length", b"host"];
