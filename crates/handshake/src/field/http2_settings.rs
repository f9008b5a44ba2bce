//! HTTP2-Settings: the settings that a client sends with an offer of h2c (RFC 7540 3.2.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::h2::frame;

/// The payload of a SETTINGS frame in base64url without padding; `None` for anything else.
///
/// ```text
/// HTTP2-Settings = token68        RFC 7540 3.2.1
/// ```
pub fn http2_settings(value: &[u8]) -> Option<Vec<(u16, u32)>> {
    let payload = URL_SAFE_NO_PAD.decode(value).ok()?;
    frame::settings(&payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_settings_are_read() {
        type Row = (&'static str, Option<&'static [(u16, u32)]>);
        let rows: [Row; 6] = [
            ("AAMAAABkAAQAAP__", Some(&[(3, 100), (4, 65_535)])),
            ("AAQAAAAA", Some(&[(4, 0)])),
            ("", Some(&[])),
            ("AAMAAAA", None),
            ("AAMAAABkAAQAAP//", None),
            ("AAQAAAAA=", None),
        ];
        for (value, want) in rows {
            assert_eq!(http2_settings(value.as_bytes()).as_deref(), want, "{value}");
        }
    }
}
