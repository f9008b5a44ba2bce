//! The faults of HTTP/2, of the way to it, and of TLS: rows for the table of faults.
//! Never acts on them; `http2/faults.rs` does, and for TLS the server.

/// Hands the rows of the macro's caller and those of this file to the macro that it names.
macro_rules! with_http2_faults {
    ($table:ident! { $($row:tt)* }) => {
        $table! {
            $($row)*

            // Header lists of requests.
            Http2ConnectionFields: "http2-connection-fields" breaks "rfc9113/8.2.2-connection-fields",
                "In HTTP/2, fields that are for one connection of HTTP/1.1 are skipped.";
            Http2ConnectFields: "http2-connect-fields" breaks "rfc8441/5-no-connection-fields",
                "In an extended CONNECT, Upgrade and Connection are skipped.";
            Http2UpgradePrefix: "http2-upgrade-prefix" breaks "rfc9113/8.2.2-connection-fields",
                "In HTTP/2, every field whose name begins with upgrade is an error.";
            Http2AnyTe: "http2-any-te" breaks "rfc9113/8.2.2-te",
                "In HTTP/2, TE may say anything.";
            Http2NoTe: "http2-no-te" breaks "rfc9113/8.2.2-te",
                "In HTTP/2, TE is an error even with trailers.";
            Http2UpperCaseNames: "http2-upper-case-names" breaks "rfc9113/8.2.1-field-name",
                "In HTTP/2, names may have capitals.";
            Http2InvalidNames: "http2-invalid-names" breaks "rfc9113/8.2.1-field-name",
                "In HTTP/2, fields with a malformed name are skipped.";
            Http2InvalidValues: "http2-invalid-values" breaks "rfc9113/8.2.1-field-value",
                "In HTTP/2, fields with a malformed value are let through.";
            Http2PseudoDefaulted: "http2-pseudo-defaulted" breaks "rfc9113/8.3.1-pseudo-missing",
                "A pseudo-header field that is missing has a default.";
            Http2EmptyPath: "http2-empty-path" breaks "rfc9113/8.3.1-path-empty",
                "An empty :path means the resource that is asked for most.";
            Http2PseudoRepeated: "http2-pseudo-repeated" breaks "rfc9113/8.3-pseudo-repeated",
                "Of a repeated pseudo-header field the first counts.";
            Http2PseudoAnywhere: "http2-pseudo-anywhere" breaks "rfc9113/8.3-pseudo-order",
                "Pseudo-header fields may follow others.";
            Http2PseudoUnknown: "http2-pseudo-unknown" breaks "rfc9113/8.3-pseudo-unknown",
                "Unknown pseudo-header fields are skipped.";
            Http2PseudoMisplaced: "http2-pseudo-misplaced" breaks "rfc9113/8.3-pseudo-context",
                "Pseudo-header fields may be those of another message.";
            Http2UnknownProtocolDropped: "http2-unknown-protocol-dropped" breaks "rfc9113/8.3-pseudo-unknown",
                "An extended CONNECT for an unknown protocol is answered like a GET.";
            Http2HostIgnored: "http2-host-ignored" breaks "rfc9113/8.3.1-host-differs",
                "A host that is not the :authority is ignored.";
            Http2LengthIgnored: "http2-length-ignored" breaks "rfc9113/8.1.1-malformed",
                "In HTTP/2, Content-Length is not compared with the content.";
            Http2ConnectServed: "http2-connect-served" breaks "rfc9113/8.5-connect",
                "Any CONNECT is answered with 200.";
            Http2MalformedUnanswered: "http2-malformed-unanswered" breaks "rfc9113/8.1.1-malformed",
                "A malformed request of HTTP/2 is dropped without a word.";
            Http2DeafAfterMalformed: "http2-deaf-after-malformed" breaks "rfc9113/8.1.1-malformed",
                "After a malformed request of HTTP/2 no other one is answered.";
            Http2SwitchOnKey: "http2-switch-on-key" breaks "rfc9113/8.6-no-101",
                "In HTTP/2, a request with a key is answered with 101.";
            Http2SwitchOnSettings: "http2-switch-on-settings" breaks "rfc9113/8.6-no-101",
                "In HTTP/2, a request with HTTP2-Settings is answered with 101.";

            // Frames and header lists of the server.
            Http2ClientSetting: "http2-client-setting" breaks "rfc8441/3-client-setting",
                "SETTINGS_ENABLE_CONNECT_PROTOCOL from a client is an error.";
            Http2SettingOfTwo: "http2-setting-of-two" breaks "rfc8441/3-setting-value",
                "SETTINGS_ENABLE_CONNECT_PROTOCOL is 2.";
            Http2SettingWithdrawn: "http2-setting-withdrawn" breaks "rfc8441/3-no-withdraw",
                "SETTINGS_ENABLE_CONNECT_PROTOCOL goes from 1 to 0.";
            Http2PingFirst: "http2-ping-first" breaks "rfc9113/3.4-preface-sent",
                "The first frame of the server is PING.";
            Http2ShortPing: "http2-short-ping" breaks "rfc9113/4.2-frame-sent",
                "The server sends a PING of five octets.";
            Http2NoSettingsAck: "http2-no-settings-ack" breaks "rfc9113/6.5.3-settings-ack",
                "SETTINGS are not acknowledged.";
            Http2NoPingAck: "http2-no-ping-ack" breaks "rfc9113/6.7-ping-ack",
                "In HTTP/2, a PING is not answered.";
            Http2ConnectionFieldsSent: "http2-connection-fields-sent" breaks "rfc9113/8.2.2-connection-fields-sent",
                "Errors in HTTP/2 say connection: close.";
            Http2UpperCaseSent: "http2-upper-case-sent" breaks "rfc9113/8.2.1-field-name",
                "Errors in HTTP/2 have a field name with a capital.";
            Http2StatusOfFour: "http2-status-of-four" breaks "rfc9113/8.3.2-status",
                "Errors in HTTP/2 have a status of four digits.";
            Http2InterimEnds: "http2-interim-ends" breaks "rfc9113/8.1-end-stream-interim",
                "Errors in HTTP/2 are a 103 that ends the stream.";

            // Extended CONNECT.
            Http2AcceptSent: "http2-accept-sent" breaks "rfc8441/5-no-key-accept",
                "A key in an extended CONNECT is answered with Sec-WebSocket-Accept.";
            Http2KeyChecked: "http2-key-checked" breaks "rfc8441/5-no-key-accept",
                "A key in an extended CONNECT has to be one.";
            Http2TargetDefaulted: "http2-target-defaulted" breaks "rfc8441/4-scheme-path",
                "An extended CONNECT needs no :scheme and no :path.";
            Http2BlindTunnel: "http2-blind-tunnel" breaks "rfc8441/4-no-tunnel",
                "An extended CONNECT for a resource that is not there gets a 200.";
            Http2AnyProtocol: "http2-any-protocol" breaks "rfc8441/5-protocol",
                "Every :protocol is taken for websocket.";
            Http2ProtocolPrefix: "http2-protocol-prefix" breaks "rfc8441/5-protocol",
                "A :protocol that begins with websocket is taken for it.";
            TunnelEndsWithEmptyData: "tunnel-ends-with-empty-data" breaks "rfc8441/5-stream-is-tcp",
                "An empty DATA frame ends a WebSocket.";
            TunnelTakesPadding: "tunnel-takes-padding" breaks "rfc8441/5-stream-is-tcp",
                "Padding of DATA frames is taken for frames of WebSocket.";
            TunnelFrameInOneData: "tunnel-frame-in-one-data" breaks "rfc8441/5-stream-is-tcp",
                "A frame of WebSocket has to be within one DATA frame.";
            TunnelOneFrameInData: "tunnel-one-frame-in-data" breaks "rfc8441/5-stream-is-tcp",
                "Behind the first frame of WebSocket, the rest of a DATA frame is lost.";
            OneTunnelOnly: "one-tunnel-only" breaks "rfc8441/5-stream-is-tcp",
                "Beside a WebSocket, every other stream is refused.";
            TunnelStopsRequests: "tunnel-stops-requests" breaks "rfc8441/5-stream-is-tcp",
                "Beside a WebSocket, requests are not answered.";
            TunnelResetEndsAll: "tunnel-reset-ends-all" breaks "rfc8441/5-stream-is-tcp",
                "When the client resets a WebSocket, the connection ends.";
            TunnelOutlivesEnd: "tunnel-outlives-end" breaks "rfc8441/5-stream-is-tcp",
                "END_STREAM does not end a WebSocket.";
            TunnelTakesHeaders: "tunnel-takes-headers" breaks "rfc9113/8.5-only-data",
                "HEADERS on the stream of a WebSocket are ignored.";

            // The way to HTTP/2, and TLS.
            H2cUnanswered: "h2c-unanswered" breaks "rfc7540/3.2-after-101",
                "After a switch to h2c stream 1 stays without an answer.";
            H2cSettingsLast: "h2c-settings-last" breaks "rfc7540/3.2-after-101",
                "After a switch to h2c the answer comes before SETTINGS.";
            H2cAnySettings: "h2c-any-settings" breaks "rfc7540/3.2.1-settings-value",
                "HTTP2-Settings may be anything.";
            H2cUnlisted: "h2c-unlisted" breaks "rfc9110/7.6.1-not-listed",
                "An offer of h2c needs no connection options.";
            H2cInTls: "h2c-in-tls" breaks "rfc9113/3.3-tls",
                "An offer of h2c is taken up inside TLS.";
            TlsAlpnRequired: "tls-alpn-required" breaks "rfc6455/4.2.2-tls",
                "A client without ALPN is turned away.";
            TlsSelectsH2c: "tls-selects-h2c" breaks "rfc9113/3.2-alpn",
                "ALPN selects h2c.";
            TlsH2NotSpoken: "tls-h2-not-spoken" breaks "rfc9113/3.2-preface",
                "Where h2 and http/1.1 are on offer, ALPN selects h2 and HTTP/1.1 is spoken.";
            TlsHttp1InH2: "tls-http1-in-h2" breaks "rfc9113/3.4-preface",
                "After ALPN selected h2, HTTP/1.1 is answered.";
            TlsH2InHttp1: "tls-h2-in-http1" breaks "rfc9113/3.3-tls",
                "After ALPN selected http/1.1, the preface of HTTP/2 is taken up.";
            TlsServesPlain: "tls-serves-plain" breaks "rfc6455/4.2.2-tls",
                "On the port for TLS, HTTP in the clear is served.";
            TlsHangsOnPlain: "tls-hangs-on-plain" breaks "rfc6455/4.2.2-tls",
                "On the port for TLS, a client without TLS is left waiting.";
        }
    };
}

pub(super) use with_http2_faults;
