//! Octets as printable text for a message: one spelling for each octet.

/// The first octets in our escapes, in quotes; an ellipsis says that there were more.
pub(crate) fn shown(bytes: &[u8], most: usize) -> String {
    let cut = &bytes[..bytes.len().min(most)];
    let more = if bytes.len() > most { "…" } else { "" };
    format!("\"{}{more}\"", escaped(cut))
}

/// All octets in our escapes, in quotes.
pub(crate) fn spelled(bytes: &[u8]) -> String {
    shown(bytes, 80)
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &octet in bytes {
        match octet {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(char::from(octet)),
            _ => text.push_str(&format!("\\x{octet:02x}")),
        }
    }
    text
}
