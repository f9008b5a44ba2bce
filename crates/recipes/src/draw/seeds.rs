//! Recipes to begin with: what takes several edits that are seldom drawn together, each known to confuse some server.
//! What they may be answered with the model says, as of any other.

/// Requests of HTTP/1.1.
pub(super) const SEEDS: &[&str] = &[
    // Fields that come from elsewhere than a field line of their own.
    r"handshake; drop upgrade; add last 'X-A: 1\xC4\x8AUpgrade: websocket'",
    r"handshake; drop upgrade; add first ' Upgrade: websocket'",
    r"handshake; drop upgrade; add first '\tUpgrade: websocket'",
    r"handshake; drop upgrade; add last 'X-A: 1\r\n Upgrade: websocket'",
    r"handshake; drop connection; add last 'X-A: 1\xC4\x8AConnection: Upgrade'",
    r"handshake; drop key; add last 'Sec_WebSocket_Key: {key}'",
    r"handshake; drop version; add last 'Sec_WebSocket_Version: 13'",
    "handshake; drop connection; add last 'Proxy-Connection: Upgrade'",
    "handshake; drop connection; set version '8'",
    r"handshake; drop key; set coding 'chunked'; after '0\r\nSec-WebSocket-Key: {key}\r\n\r\n'",
    r"handshake; drop upgrade; drop key; set coding 'chunked'; after '0\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {key}\r\n\r\n'",
    // Lists over several lines.
    "handshake; insert upgrade first 'h2c'; split upgrade",
    "handshake; insert upgrade last 'h2c'; split upgrade",
    "handshake; insert upgrade first 'foo'; insert upgrade last 'bar'; split upgrade",
    "handshake; insert connection first 'foo'; split connection",
    "handshake; insert connection last 'foo'; split connection",
    "handshake; insert connection first 'foo'; insert connection last 'bar'; split connection",
    "handshake; set upgrade 'foo, websocket'",
    "handshake; set upgrade 'websocket, foo'",
    "handshake; set upgrade ', websocket'",
    "subprotocols; set protocol 'x-none, {subprotocol}, x-other'; split protocol",
    "subprotocols; set protocol 'x-none, {subprotocol}'; split protocol",
    "subprotocols; set protocol '{subprotocol}, x-none'; split protocol",
    "subprotocols; set protocol '{subprotocol-2}'",
    "subprotocols; set protocol 'x-none, {subprotocol-2}'",
    "extensions; set extensions 'x-foo, permessage-deflate, x-bar'; split extensions",
    "extensions; set extensions 'x-foo, permessage-deflate'; split extensions",
    "extensions; set extensions 'permessage-deflate, x-foo'; split extensions",
    "extensions; set extensions 'x-foo; a=\"b\", permessage-deflate'",
    "extensions; set extensions 'permessage-deflate; server_max_window_bits=99, permessage-deflate'",
    "extensions; set extensions 'permessage-deflate; client_max_window_bits=\"10\"'",
    // Hosts and targets.
    "handshake; request target '{scheme}://{authority}{path}'",
    "handshake; request target '{scheme}://user@{authority}{path}'",
    "handshake; request target '{scheme}://other.invalid{path}'",
    "handshake; request target '{scheme}://{authority}{path}'; set host 'other.invalid'",
    "handshake; request target '{scheme}://{path}'",
    "handshake; request target '{scheme}://{authority}:x{path}'",
    "handshake; request target '{scheme}://[{path}'",
    "handshake; request target '{path}?a=b'",
    "handshake; request target '{path}?'",
    "handshake; request target '/nothing-{random}'",
    "handshake; request target '//{random}/a'",
    "handshake; request target '{path}%'",
    r"handshake; request target '{path}\\..'",
    r"handshake; request target '\\{path}'",
    "handshake; request target '{path}?{fill-7900}'",
    "handshake; request target '{path}?{fill-20000}'",
    "handshake; add last 'X-Long: {fill-66000}'",
    "handshake; set host 'a,b'",
    "handshake; set host '{host}:'",
    "handshake; set host '%41.example'",
    "handshake; set host '{authority-upper}'",
    "handshake; set host '{host}:99999'",
    "handshake; set host 'other.invalid'",
    // Request lines.
    "handshake; request protocol ''",
    "handshake; gap protocol none; request protocol ''",
    "handshake; request protocol 'HTTP/3.0'",
    "handshake; request method 'CONNECT'; request target '{authority}'",
    "handshake; request method 'CONNECT'; request target '{host}:'",
    "root; request method 'CONNECT'; request target '{authority}'",
    "root; request method 'HEAD'",
    "root; request method 'POST'; body length",
    "root; request protocol 'HTTP/1.0'",
    "plain; request protocol 'HTTP/1.0'",
    "handshake; request protocol 'HTTP/1.0'; add last 'Expect: 100-continue'; body length",
    // Expectations and bodies.
    "handshake; add last 'Expect: 100-continue'; body length",
    "handshake; add last 'Expect: 100-Continue'; body length",
    "handshake; add last 'Expect: x-upspec'",
    "root; add last 'Expect: x-upspec'",
    "handshake; add last 'Expect: 100-continue, x-upspec'; body length",
    "handshake; body chunk-extension",
    "root; body chunk-extension",
    r"handshake; set coding 'chunked'; after '5 ; a = b\r\nhello\r\n0\r\n\r\n'",
    r"handshake; set coding 'Chunked'; after '5\r\nhello\r\n0\r\n\r\n'",
    r"handshake; set coding 'chunked;a=b'; after '5\r\nhello\r\n0\r\n\r\n'",
    r"handshake; set coding 'x-upspec, chunked'; after '5\r\nhello\r\n0\r\n\r\n'",
    r"handshake; set coding 'chunked'; after '10000000000000005\r\nhello\r\n0\r\n\r\n'",
    "handshake; set length '18446744073709551616'",
    "handshake; set length '18446744073709551621'; after 'hello'",
    "handshake; set length '10'; after 'hell'; stop 65535",
    "root; set length '5, 6'; after 'hello!'",
    // Requests that are cut off, and clients that end their side.
    "handshake; stop 90",
    "handshake; stop 40",
    "root; ahead plain awaited; stop 0",
    // What browsers and libraries send.
    "browser; set origin '{origin}'; add last 'Cookie: a=b; c=d'",
    "browser; set origin '{origin}'; add last 'Sec-Fetch-Mode: websocket'",
    "browser; add last 'Accept-Encoding: gzip, deflate, br, zstd'",
    "browser; move host last",
    "browser; move host last; set origin '{origin}'",
    "handshake; add last 'Cookie: a=%'",
    "handshake; add last 'Cookie: a=%4'",
    "handshake; add last 'Cookie: a=\"b'",
    "handshake; add last 'Accept-Language: ;;q=x'",
    "handshake; add last 'Authorization: Basic *'",
    "handshake; add last 'Forwarded: for=['",
    "handshake; add last 'X-Forwarded-For: x'",
    "handshake; set origin 'http://{host}:port'",
    "handshake; set origin 'no scheme'",
    // Offers of other protocols, which may be ignored.
    "root; set upgrade 'h2c'; set connection 'Upgrade, HTTP2-Settings'; add last 'HTTP2-Settings: AAMAAABkAAQAAP__'",
    "root; set upgrade 'h2'; set connection 'Upgrade, HTTP2-Settings'; add last 'HTTP2-Settings: AAMAAABkAAQAAP__'",
    "root; set upgrade 'h2c'; set connection 'Upgrade'; add last 'HTTP2-Settings: AAMAAABkAAQAAP__'",
    "root; set upgrade 'h2c'; set connection 'Upgrade, HTTP2-Settings'; add last 'HTTP2-Settings: ****'",
    "root; set upgrade 'x-upspec/1'; set connection 'Upgrade'",
    "root; set upgrade 'TLS/1.2, HTTP/1.1'; set connection 'Upgrade'",
    "root; set upgrade 'HTTP/1.1, TLS/1.2'; set connection 'Upgrade'",
    "root; set connection 'upgrade'",
    "root; set connection 'keep-alive, Upgrade'",
];

/// What goes into a tunnel.
pub(super) const TUNNELS: &[&str] = &[
    "{ping}",
    r"\x88\x82\x37\xFA\x21\x3D\x34\x12",
    r"\x88\x80\x37\xFA\x21\x3D",
    // A Close, and a text behind it.
    r"\x88\x82\x37\xFA\x21\x3D\x34\x12\x81\x84\x37\xFA\x21\x3D\x5B\x9B\x55\x58",
    // A character over two fragments.
    r"\x01\x81\x37\xFA\x21\x3D\xF4\x80\x81\x37\xFA\x21\x3D\x9E",
    // A length with its first bit set, and one of a tebibyte.
    r"\x82\xFF\x80\x00\x00\x00\x00\x00\x00\x00\x37\xFA\x21\x3D",
    r"\x82\xFF\x00\x00\x01\x00\x00\x00\x00\x00\x37\xFA\x21\x3D{ping}",
    // A Ping between the fragments of a text.
    r"\x01\x83\x37\xFA\x21\x3D\x7F\x9F\x4D{ping}\x80\x82\x37\xFA\x21\x3D\x5B\x95",
    // A frame that fails the connection, and a Ping behind it.
    r"\x83\x80\x37\xFA\x21\x3D{ping}",
    r"GET / HTTP/1.1\r\nHost: {authority}\r\nX-Padding: {fill-100}\r\n\r\n",
];

/// Requests of HTTP/2.
pub(super) const HTTP2_SEEDS: &[&str] = &[
    "connect; add last 'sec-websocket-key: {key}'",
    "connect; add last 'sec-websocket-key: x'",
    "connect; set :protocol 'x-upspec'",
    "connect; set :protocol 'web'",
    "connect; set :protocol ''",
    "connect; set :method 'GET'",
    "connect; inside empty-data; then '{ping}'",
    "connect; inside padded-data; then '{ping}'",
    "connect; inside headers",
    "connect; inside end",
    "connect; inside zero-increment",
    "connect; inside wide-window",
    "connect; then '{ping}'; cut 3",
    "connect; ahead negotiated awaited",
    "connect; ahead opened awaited; then '{ping}'",
    "get; ahead closed awaited",
    "get; ahead refused awaited",
    "get; ahead reset awaited",
    "get; ahead malformed awaited",
    "get; add last 'upgrade-insecure-requests: 1'",
    "get; add last 'te: trailers'",
    "get; frame ping",
    "get; frame client-setting",
    "get; set :method 'CONNECT'",
    "connect-subprotocols; set protocol '{subprotocol}'",
    "connect-subprotocols; set protocol 'x-none, {subprotocol}'; split protocol",
    "connect-browser; set origin '{origin}'",
    "connect-browser",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Recipe;
    use crate::text::Text;

    #[test]
    fn every_seed_is_a_recipe() {
        for seed in SEEDS.iter().chain(HTTP2_SEEDS) {
            let recipe = seed.parse::<Recipe>();
            assert_eq!(recipe.map(|recipe| recipe.to_string()).as_deref(), Ok(*seed));
        }
        assert!(TUNNELS.iter().all(|octets| Text::parse(octets).is_some()));
    }
}
