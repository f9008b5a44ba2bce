//! The switch from HTTP/1.1 to HTTP/2 by Upgrade: h2c (RFC 7540 3.2, which RFC 9113 3.1 deprecates).
//! Only for a server that is set up for it, as a lawful variation or by a fault.

use upspec_handshake::field::connection::contains_option;
use upspec_handshake::field::http2_settings;
use upspec_handshake::field::upgrade::protocols;
use upspec_handshake::peer::Transport;
use upspec_handshake::{RequestHead, Version};

use crate::config::{Config, Variation};
use crate::fault::Point;

/// The settings of an offer of h2c that is to be taken up.
pub(crate) fn offered(
    config: &Config,
    transport: Transport,
    head: &RequestHead<'_>,
) -> Option<Vec<(u16, u32)>> {
    if !config.varies(Variation::H2cUpgrade) && !config.errs_at(Point::H2cTakenUp) {
        return None;
    }
    let mut offers = protocols(head.fields.values("Upgrade")).flatten();
    let is_clear = transport == Transport::Clear || config.errs_at(Point::H2cInTls);
    let is_new = head.version >= Some(Version::HTTP_11);
    if !is_clear || !is_new || !offers.any(|one| one.name.eq_ignore_ascii_case(b"h2c")) {
        return None;
    }
    let lists = |option| contains_option(head.fields.values("Connection"), option);
    let is_listed = lists("upgrade") && lists("http2-settings");
    if !is_listed && !config.errs_at(Point::H2cOptionsUnchecked) {
        return None;
    }
    let lines: Vec<&[u8]> = head.fields.values("HTTP2-Settings").collect();
    let [line] = lines[..] else {
        return None;
    };
    match config.errs_at(Point::H2cSettingsUnchecked) {
        true => Some(http2_settings(line).unwrap_or_default()),
        false => http2_settings(line),
    }
}
