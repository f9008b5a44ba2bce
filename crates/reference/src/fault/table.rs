//! The table of faults: name, requirement, and what the server does.
//! Never anything but the table; `reading`, `answering` and the tunnel act on it.

use super::FaultInfo;
use super::http2_table::with_http2_faults;

macro_rules! faults {
    ($($fault:ident: $name:literal breaks $requirement:literal, $summary:literal;)*) => {
        /// One thing that a server does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Fault {
            $(#[doc = $summary] $fault,)*
        }

        /// Every fault, in the order of the enum.
        pub const FAULTS: &[FaultInfo] = &[
            $(FaultInfo {
                fault: Fault::$fault,
                name: $name,
                requirement: $requirement,
                summary: $summary,
            },)*
        ];
    };
}

with_http2_faults! { faults! {
    // How the octets of a request are read.
    BareCrAsLineEnd: "bare-cr-as-line-end" breaks "rfc9112/2.2-bare-cr",
        "A CR without LF ends a line.";
    BareCrDropped: "bare-cr-dropped" breaks "rfc9112/2.2-bare-cr",
        "A CR without LF vanishes from a value.";
    ValueCutAtNul: "value-cut-at-nul" breaks "rfc9110/5.5-cr-lf-nul",
        "A value ends at its first NUL.";
    OctetsDecoded: "octets-decoded" breaks "rfc9112/2.2-octets",
        "Octets are decoded to characters, which are cut to their low byte.";
    FoldConcatenated: "fold-concatenated" breaks "rfc9112/5.2-fold-request",
        "The parts of a folded value are joined without a space.";
    FoldAsField: "fold-as-field" breaks "rfc9112/5.2-fold-request",
        "A folded line is taken for a field of its own.";
    SpaceLedLineAsField: "space-led-line-as-field" breaks "rfc9112/2.2-space-before-fields",
        "A line led by space after the request line is taken for a field.";
    AcceptSpaceBeforeColon: "accept-space-before-colon" breaks "rfc9112/5.1-space-before-colon",
        "Space before the colon is dropped.";
    AcceptMalformedFieldLine: "accept-malformed-field-line" breaks "rfc9112/2.2-bad-request",
        "A line that is no field line is skipped.";
    RefuseLeadingEmptyLine: "refuse-leading-empty-line" breaks "rfc9112/2.2-empty-line",
        "An empty line before the request line is an error.";
    RefuseObsText: "refuse-obs-text" breaks "rfc9110/5.5-obs-text",
        "Octets above 0x7F in a value are an error.";
    RefuseTabOws: "refuse-tab-ows" breaks "rfc9110/5.6.3-ows",
        "HTAB is not taken for white space.";
    SpaceAfterColonRequired: "space-after-colon-required" breaks "rfc9110/5.6.3-ows",
        "A field line without space after its colon is an error.";
    CaseSensitiveFieldNames: "case-sensitive-field-names" breaks "rfc9110/5.1-name-case",
        "A field is known in one spelling of its name only.";
    FieldOrderMatters: "field-order-matters" breaks "rfc9110/5.3-order",
        "Host has to be the first field.";
    RefuseUnknownFields: "refuse-unknown-fields" breaks "rfc9110/5.1-unknown-fields",
        "A field that the server does not know is an error.";
    OnlyFirstLine: "only-first-line" breaks "rfc9110/2.4-meaning",
        "Of a repeated Upgrade or Connection line the first one counts.";
    OnlyLastLine: "only-last-line" breaks "rfc9110/2.4-meaning",
        "Of a repeated Upgrade or Connection line the last one counts.";
    RefuseEmptyListElements: "refuse-empty-list-elements" breaks "rfc9110/5.6.1.2-empty-elements",
        "An empty list element is an error.";
    HeadInOneRead: "head-in-one-read" breaks "rfc9110/5.3-whole-head",
        "A head that does not come in one piece is an error.";
    OkOnCutHead: "ok-on-cut-head" breaks "rfc9110/5.3-whole-head",
        "A head that is cut off is answered as a success.";
    SilentOnBareLf: "silent-on-bare-lf" breaks "rfc9112/2.2-bad-request",
        "Lines that end with LF alone are waited out for CRLF.";
    SilentOnEmptyLines: "silent-on-empty-lines" breaks "rfc9112/2.2-empty-line",
        "A request behind more than one empty line is never answered.";
    GarbageSkipped: "garbage-skipped" breaks "rfc9112/2.2-bad-request",
        "Octets that are no request are skipped up to the next empty line.";
    SilentOnLongHead: "silent-on-long-head" breaks "rfc9110/5.4-field-limit",
        "A head of more than 2048 octets is never answered.";
    ServerErrorOnSyntaxError: "server-error-on-syntax-error" breaks "rfc9112/2.2-bad-request",
        "A request that cannot be read is the server's own error.";

    // The request line.
    AcceptLowercaseGet: "accept-lowercase-get" breaks "rfc6455/4.2.1-method",
        "The method is compared without case.";
    AcceptPost: "accept-post" breaks "rfc6455/4.2.1-method",
        "A handshake may be a POST.";
    AcceptAnyMethod: "accept-any-method" breaks "rfc6455/4.2.1-method",
        "A handshake may have any method.";
    AcceptHttp10Upgrade: "accept-http10-upgrade" breaks "rfc9110/7.8-http10",
        "Upgrade works in HTTP/1.0.";
    AcceptMalformedHttpVersion: "accept-malformed-http-version" breaks "rfc6455/4.2.1-http-version",
        "Any third word passes for HTTP/1.1.";
    AcceptNoHttpVersion: "accept-no-http-version" breaks "rfc6455/4.2.1-http-version",
        "A request line without a version passes for HTTP/1.1.";
    AcceptHttp3: "accept-http3" breaks "rfc9110/6.2-505",
        "HTTP/3 in a request line passes for HTTP/1.1.";
    AcceptHttp20: "accept-http20" breaks "rfc9110/6.2-505",
        "HTTP/2.0 in a request line passes for HTTP/1.1.";
    AcceptHttp09: "accept-http09" breaks "rfc6455/4.2.1-http-version",
        "HTTP/0.9 in a request line passes for HTTP/1.1.";
    AcceptHttp2Preface: "accept-http2-preface" breaks "rfc9110/6.2-505",
        "The preface of HTTP/2 is answered like a request for the whole server.";
    RefuseHttp12: "refuse-http12" breaks "rfc9110/6.2-higher-minor",
        "A minor version above 1 is refused.";
    AcceptSpaceInTarget: "accept-space-in-target" breaks "rfc6455/4.2.1-target",
        "What follows a space in the target is dropped.";
    AcceptFragmentTarget: "accept-fragment-target" breaks "rfc6455/3-fragment",
        "The fragment of a target is dropped.";
    AcceptControlInTarget: "accept-control-in-target" breaks "rfc6455/4.2.1-target",
        "Control octets in a target are dropped.";
    AcceptAsteriskTarget: "accept-asterisk-target" breaks "rfc6455/4.2.1-target",
        "A GET of the asterisk reaches the endpoint.";
    AcceptAuthorityTarget: "accept-authority-target" breaks "rfc6455/4.2.1-target",
        "A GET of an authority reaches the endpoint.";
    AcceptRelativeTarget: "accept-relative-target" breaks "rfc6455/4.2.1-target",
        "A target without its slash reaches the endpoint.";
    NoAbsoluteForm: "no-absolute-form" breaks "rfc9112/3.2.2-absolute-form",
        "A target in absolute form is an error.";
    HostBeatsTarget: "host-beats-target" breaks "rfc9112/3.2.2-target-beats-host",
        "Host is compared with the host of an absolute target.";
    AcceptEmptyAuthority: "accept-empty-authority" breaks "rfc9110/4.2.1-empty-host",
        "A target without a host is served.";
    AcceptUserinfo: "accept-userinfo" breaks "rfc9110/4.2.4-userinfo",
        "Userinfo in a target is dropped.";
    ShortRequestLines: "short-request-lines" breaks "rfc9112/3-8000-octets",
        "Request lines end at 4000 octets.";
    ServerErrorOnLongTarget: "server-error-on-long-target" breaks "rfc9112/3-long-target",
        "A target that is too long is the server's own error.";
    ServerErrorOnLargeHead: "server-error-on-large-head" breaks "rfc9110/5.4-field-limit",
        "A head that is too large is the server's own error.";
    SilentOnLargeHead: "silent-on-large-head" breaks "rfc9110/5.4-field-limit",
        "A head that is too large is never answered.";
    HangOnGarbage: "hang-on-garbage" breaks "rfc9112/3.2-invalid-request-line",
        "Octets that are no request are never answered.";
    RefuseQuery: "refuse-query" breaks "rfc6455/3-resource-name",
        "A target with a query is an error.";
    CloseOnEncodedTarget: "close-on-encoded-target" breaks "rfc9110/2.3-defensive",
        "An encoded octet in a target ends the connection.";
    CloseOnOtherScheme: "close-on-other-scheme" breaks "rfc9110/7.4-scheme",
        "A target of another scheme than http ends the connection.";
    OkOnUnknownPath: "ok-on-unknown-path" breaks "rfc6455/4.2.2-no-service",
        "A path where nothing is is answered as a success.";

    // Host.
    AcceptMissingHost: "accept-missing-host" breaks "rfc9112/3.2-host",
        "A request without Host is served.";
    AcceptDuplicateHost: "accept-duplicate-host" breaks "rfc9112/3.2-host-repeated",
        "The first of several Host lines counts.";
    AcceptInvalidHost: "accept-invalid-host" breaks "rfc9112/3.2-host-invalid",
        "Host is not looked at.";
    RefuseOddHost: "refuse-odd-host" breaks "rfc3986/3.2.2-host",
        "A host name with other characters than letters, digits, dot and hyphen is malformed.";
    RefuseCapitalHost: "refuse-capital-host" breaks "rfc9110/2.4-meaning",
        "A capital letter in Host is an error.";
    SilentOnForeignHost: "silent-on-foreign-host" breaks "rfc6455/4.2.1-host",
        "A request for a host of another name is never answered.";

    // Framing of the request.
    BodyIgnored: "body-ignored" breaks "rfc9112/6-body-presence",
        "A body is not read but left in the stream.";
    ChunkedIgnored: "chunked-ignored" breaks "rfc9112/7.1-chunked",
        "A chunked body is not read but left in the stream.";
    TrailersMerged: "trailers-merged" breaks "rfc9112/7.1.2-trailers",
        "Trailer fields count as fields of the head.";
    RefuseChunkExtensions: "refuse-chunk-extensions" breaks "rfc9112/7.1.1-chunk-extensions",
        "A chunk extension is an error.";
    RefuseSpaceInChunkExtensions: "refuse-space-in-chunk-extensions" breaks "rfc9110/5.6.3-bws",
        "White space in a chunk extension is an error.";
    ChunkSizeOverflow: "chunk-size-overflow" breaks "rfc9112/7.1-chunk-size-overflow",
        "The last digit of a chunk size that is too large counts.";
    AcceptInvalidLength: "accept-invalid-length" breaks "rfc9112/6.3-invalid-cl",
        "A Content-Length that is no number is ignored.";
    AcceptConflictingLengths: "accept-conflicting-lengths" breaks "rfc9112/6.3-invalid-cl",
        "The last of several Content-Length lines counts.";
    LengthOverflow: "length-overflow" breaks "rfc9110/8.6-cl-overflow",
        "Content-Length wraps around.";
    AcceptLengthAndChunked: "accept-length-and-chunked" breaks "rfc9112/6.1-te-and-cl-close",
        "Transfer-Encoding beside Content-Length changes nothing.";
    AcceptNotChunked: "accept-not-chunked" breaks "rfc9112/6.3-te-not-chunked",
        "A coding other than chunked is ignored.";
    AcceptUnknownCoding: "accept-unknown-coding" breaks "rfc9112/6.1-unknown-coding",
        "An unknown coding before chunked is ignored.";
    AcceptChunkedParameters: "accept-chunked-parameters" breaks "rfc9112/7.1-chunked-parameters",
        "Parameters of chunked are ignored.";
    CaseSensitiveCoding: "case-sensitive-coding" breaks "rfc9110/2.4-meaning",
        "The name of the coding is compared with case.";
    ShortBodyHeldOpen: "short-body-held-open" breaks "rfc9112/6.3-short-body",
        "The rest of a body is awaited after the client's end of stream.";
    NoContinue: "no-continue" breaks "rfc9110/10.1.1-no-waiting",
        "The content is awaited without a 100.";
    NoContinueBeforeSwitch: "no-continue-before-switch" breaks "rfc9110/7.8-continue-first",
        "A 101 goes out without the 100 before it.";
    ContinueAfterSwitch: "continue-after-switch" breaks "rfc9110/7.8-continue-first",
        "The 100 follows the 101.";
    ContinueToHttp10: "continue-to-http10" breaks "rfc9110/15.2-http10",
        "An HTTP/1.0 request gets a 100.";
    CaseSensitiveExpect: "case-sensitive-expect" breaks "rfc9110/10.1.1-grammar",
        "An expectation in other case is unknown.";
    BadRequestOnUnknownExpectation: "bad-request-on-unknown-expectation" breaks "rfc9110/10.1.1-417",
        "An unknown expectation is called malformed.";

    // What the connection does.
    RefuseLengthInHandshake: "refuse-length-in-handshake" breaks "rfc9112/6-body-presence",
        "A handshake with Content-Length is an error, whatever the length.";
    SwitchBeforeHeadEnds: "switch-before-head-ends" breaks "rfc9110/5.3-whole-head",
        "The 101 goes out before the empty line is in.";
    PipelineDropped: "pipeline-dropped" breaks "rfc9112/9.3.2-pipeline-order",
        "What follows a request in the same read is lost.";
    PipelineReordered: "pipeline-reordered" breaks "rfc9112/9.3.2-pipeline-order",
        "The answer to a request goes out after that to the next one.";
    SecondRequestIgnored: "second-request-ignored" breaks "rfc9112/9.3-persistent",
        "A second request on a connection is never answered.";
    CloseReceivedIgnored: "close-received-ignored" breaks "rfc9112/9.6-close-received",
        "A connection stays open although the client said close.";
    CloseSentNotDone: "close-sent-not-done" breaks "rfc9112/9.6-close-sent",
        "A connection stays open although the server said close.";
    CloseUnannounced: "close-unannounced" breaks "rfc9112/9.6-announce",
        "Every answer but a 101 is followed by an end that it does not announce.";
    HalfCloseIgnored: "half-close-ignored" breaks "rfc9112/9.5-monitor",
        "A connection stays open although the client has ended its side.";
    OpenAfterSyntaxError: "open-after-syntax-error" breaks "rfc9112/2.2-bad-request",
        "The connection goes on after a request that cannot be read.";
    OpenAfterInvalidLength: "open-after-invalid-length" breaks "rfc9112/6.3-invalid-cl",
        "The connection goes on after an invalid Content-Length.";
    Http10KeptOpen: "http10-kept-open" breaks "rfc9112/9.3-persistence-rules",
        "The connection goes on after an HTTP/1.0 request.";
    HttpInTunnel: "http-in-tunnel" breaks "rfc6455/6.2-parse-frames",
        "A request after the 101 gets an HTTP answer.";
    CloseOnCloseOption: "close-on-close-option" breaks "rfc9112/9.6-close-received",
        "A handshake that says close is dropped without an answer.";
    CloseOnEarlyFrame: "close-on-early-frame" breaks "rfc6455/4.2.2-response",
        "A handshake with a frame right behind it is dropped without an answer.";

    // What passes for an opening handshake.
    AcceptMissingUpgrade: "accept-missing-upgrade" breaks "rfc9110/7.8-offered",
        "A key makes a handshake, with or without Upgrade.";
    SwitchUnasked: "switch-unasked" breaks "rfc9110/7.8-offered",
        "Any GET of the endpoint is taken for a handshake.";
    SwitchOnRoot: "switch-on-root" breaks "rfc9110/7.8-offered",
        "Any GET of the root is taken for a handshake.";
    AcceptUnofferedUpgrade: "accept-unoffered-upgrade" breaks "rfc9110/7.8-offered",
        "Any Upgrade field beside a key is taken for websocket.";
    AcceptUpgradeSubstring: "accept-upgrade-substring" breaks "rfc6455/4.2.1-upgrade",
        "The word websocket is searched for in Upgrade.";
    AcceptMalformedUpgrade: "accept-malformed-upgrade" breaks "rfc6455/4.2.1-upgrade",
        "What stands around the word websocket in Upgrade does not matter.";
    CaseSensitiveUpgrade: "case-sensitive-upgrade" breaks "rfc6455/4.2.1-upgrade",
        "Only websocket in lower case is known.";
    UnicodeCaseFolding: "unicode-case-folding" breaks "rfc6455/2.1-ascii-case",
        "Letters that fold to those of websocket pass for them.";
    NoListInUpgrade: "no-list-in-upgrade" breaks "rfc6455/4.2.1-upgrade",
        "A list in Upgrade is an error.";
    AcceptMissingConnection: "accept-missing-connection" breaks "rfc6455/4.2.1-connection",
        "Connection may be missing.";
    DraftWithoutConnection: "draft-without-connection" breaks "rfc6455/4.2.1-connection",
        "A handshake of the draft versions 7 and 8 is accepted, and needs no Connection.";
    AcceptOtherConnection: "accept-other-connection" breaks "rfc6455/4.2.1-connection",
        "Connection may say anything.";
    AcceptConnectionSubstring: "accept-connection-substring" breaks "rfc6455/4.2.1-connection",
        "The word upgrade is searched for in Connection.";
    AcceptMalformedConnection: "accept-malformed-connection" breaks "rfc6455/4.2.1-connection",
        "What stands around the word Upgrade in Connection does not matter.";
    AcceptProxyConnection: "accept-proxy-connection" breaks "rfc6455/4.2.1-connection",
        "Proxy-Connection passes for Connection.";
    CaseSensitiveConnection: "case-sensitive-connection" breaks "rfc6455/4.2.1-connection",
        "Only Upgrade with a capital is known as an option.";
    NoListInConnection: "no-list-in-connection" breaks "rfc6455/4.2.1-connection",
        "A list in Connection is an error.";
    AcceptMissingKey: "accept-missing-key" breaks "rfc6455/4.2.1-key",
        "A handshake needs no key.";
    AcceptEmptyKey: "accept-empty-key" breaks "rfc6455/4.2.1-key",
        "The key may be empty.";
    AcceptShortKey: "accept-short-key" breaks "rfc6455/4.2.1-key",
        "The key may decode to fewer than 16 octets.";
    AcceptLongKey: "accept-long-key" breaks "rfc6455/4.2.1-key",
        "The key may decode to more than 16 octets.";
    AcceptUnpaddedKey: "accept-unpadded-key" breaks "rfc6455/4.2.1-key",
        "The padding of the key does not matter.";
    AcceptNonBase64Key: "accept-non-base64-key" breaks "rfc6455/4.2.1-key",
        "The key may have characters outside the alphabet.";
    AcceptAnyKey: "accept-any-key" breaks "rfc6455/4.2.1-key",
        "The key is not looked at.";
    AcceptDuplicateKey: "accept-duplicate-key" breaks "rfc6455/11.3.1-key-once",
        "The first of several keys counts.";
    UnderscoreFieldNames: "underscore-field-names" breaks "rfc6455/4.2.1-key",
        "An underscore in a field name passes for a hyphen.";
    AcceptMissingVersion: "accept-missing-version" breaks "rfc6455/4.2.1-version",
        "A handshake needs no version.";
    AcceptVersion8: "accept-version-8" breaks "rfc6455/4.4-version-list",
        "The versions 7 and 8 of drafts are accepted as if they were 13.";
    AcceptAnyVersion: "accept-any-version" breaks "rfc6455/4.4-version-list",
        "Any version number is accepted.";
    AcceptVersion013: "accept-version-013" breaks "rfc6455/4.2.1-version",
        "The version may have a leading zero.";
    AcceptMalformedVersion: "accept-malformed-version" breaks "rfc6455/4.2.1-version",
        "The version need not be a number.";
    AcceptVersionList: "accept-version-list" breaks "rfc6455/4.2.1-version",
        "A list of versions with 13 in it is accepted.";
    AcceptDuplicateVersion: "accept-duplicate-version" breaks "rfc6455/11.3.5-version-once",
        "The first of several version lines counts.";
    AcceptMalformedSubprotocols: "accept-malformed-subprotocols" breaks "rfc6455/4.3-protocol-client",
        "A malformed Sec-WebSocket-Protocol is ignored.";
    OnlyFirstProtocolLine: "only-first-protocol-line" breaks "rfc9110/5.2-combined",
        "Of several Sec-WebSocket-Protocol lines the first one counts.";
    OldProtocolField: "old-protocol-field" breaks "rfc6455/4.2.2-no-subprotocol",
        "WebSocket-Protocol passes for Sec-WebSocket-Protocol.";
    ErrorOnSubprotocols: "error-on-subprotocols" breaks "rfc6455/4.2.2-subprotocol-choice",
        "An offer of subprotocols ends in the server's own error.";
    AcceptMalformedExtensions: "accept-malformed-extensions" breaks "rfc6455/9.1-malformed",
        "A malformed Sec-WebSocket-Extensions is ignored.";
    OnlyFirstExtensionLine: "only-first-extension-line" breaks "rfc9110/5.2-combined",
        "Of several Sec-WebSocket-Extensions lines the first one counts.";
    OnlyFirstExtensionOffer: "only-first-extension-offer" breaks "rfc7692/7-unknown-param",
        "Of several offers the first one counts.";
    SeveralOffersDeclined: "several-offers-declined" breaks "rfc7692/5-preference",
        "permessage-deflate is declined where there are several offers of it.";
    AcceptUnknownDeflateParameter: "accept-unknown-deflate-parameter" breaks "rfc7692/7-unknown-param",
        "A parameter that permessage-deflate lacks is ignored.";
    AcceptInvalidDeflateValue: "accept-invalid-deflate-value" breaks "rfc7692/7-invalid-value",
        "An invalid value of a parameter is ignored.";
    AcceptRepeatedDeflateParameter: "accept-repeated-deflate-parameter" breaks "rfc7692/7-repeated-param",
        "A repeated parameter counts once.";
    RefuseInvalidDeflateOffer: "refuse-invalid-deflate-offer" breaks "rfc7692/7-invalid-value",
        "A bad offer gets the handshake refused in place of declined.";
    AcceptAnyOrigin: "accept-any-origin" breaks "rfc6455/10.2-origin",
        "Origin is not looked at, although there is a list of allowed ones.";
    OriginByBeginning: "origin-by-beginning" breaks "rfc6455/10.2-origin",
        "An origin is allowed that begins with an allowed one.";
    OriginBySearch: "origin-by-search" breaks "rfc6455/10.2-origin",
        "An origin is allowed that holds an allowed one anywhere.";
    OnlyFirstOrigin: "only-first-origin" breaks "rfc6455/10.2-origin",
        "Of several origins the first one counts, where there is a list of allowed ones.";
    RefuseExtensions: "refuse-extensions" breaks "rfc6455/4.2.1-extension-list",
        "An offer of any extension gets the handshake refused.";
    CloseOnEmptyOrigin: "close-on-empty-origin" breaks "rfc6455/4.2.2-origin-decides",
        "An empty Origin ends the connection.";
    CloseOnTlsUpgrade: "close-on-tls-upgrade" breaks "rfc2817/3.3-switch",
        "An offer of TLS ends the connection.";
    CloseOnOddHandshake: "close-on-odd-handshake" breaks "rfc6455/4.2.1-refuse",
        "A handshake with more than the usual names in it is dropped without an answer.";
    CloseOnOddExtensions: "close-on-odd-extensions" breaks "rfc9110/2.3-defensive",
        "Capitals or space in an offer of extensions end the connection.";
    RefuseQuotedParameter: "refuse-quoted-parameter" breaks "rfc6455/4.3-extension-param",
        "A quoted value in an offer of extensions is an error.";
    ShortSubprotocolOfferIgnored: "short-subprotocol-offer-ignored" breaks "rfc6455/4.2.2-subprotocol-choice",
        "An offer of one or two subprotocols is not looked at.";
    NotFoundOnForeignOrigin: "not-found-on-foreign-origin" breaks "rfc6455/10.2-origin-403",
        "A foreign origin is told that there is nothing here.";

    // How a handshake is refused.
    SilentOnBadHandshake: "silent-on-bad-handshake" breaks "rfc6455/4.2.1-key",
        "A bad handshake is never answered.";
    CloseOnBadHandshake: "close-on-bad-handshake" breaks "rfc6455/4.2.1-key",
        "A bad handshake is answered by closing.";
    Error500OnBadHandshake: "error-500-on-bad-handshake" breaks "rfc6455/4.2.1-key",
        "A bad handshake is called the server's own error.";
    OkOnBadHandshake: "ok-on-bad-handshake" breaks "rfc6455/4.2.1-key",
        "A bad handshake is answered as a success without a switch.";
    VersionRefusalWithoutList: "version-refusal-without-list" breaks "rfc6455/4.4-version-list",
        "A refused version is not told which versions there are.";
    VersionListMalformed: "version-list-malformed" breaks "rfc6455/4.3-version-server",
        "The list of versions has a leading zero.";
    VersionListUntrue: "version-list-untrue" breaks "rfc6455/4.4-version-list",
        "The list of versions names one that is refused.";
    UpgradeRequiredWithoutUpgrade: "upgrade-required-without-upgrade" breaks "rfc9110/15.5.22-426-upgrade",
        "A 426 lacks Upgrade.";
    UpgradeWithoutOption: "upgrade-without-option" breaks "rfc9110/7.8-connection",
        "A 426 has Upgrade without the option in Connection.";
    NotAllowedWithoutAllow: "not-allowed-without-allow" breaks "rfc9110/15.5.6-405-allow",
        "A 405 lacks Allow.";
    ErrorWithoutContent: "error-without-content" breaks "rfc9110/15.5-explanation",
        "A 4xx has no content.";
    VersionErrorWithoutContent: "version-error-without-content" breaks "rfc9110/15.6.6-505-explanation",
        "A 505 has no content.";
    ConnectLikeGet: "connect-like-get" breaks "rfc9110/9.3.6-2xx-framing",
        "A CONNECT is answered with 200 and content.";
    UnauthorizedWithoutChallenge: "unauthorized-without-challenge" breaks "rfc9110/15.5.2-401-challenge",
        "A bad handshake gets a 401 without a challenge.";
    StatusOutOfRange: "status-out-of-range" breaks "rfc9110/15-status-range",
        "A bad handshake gets the status 600.";

    // The 101.
    WrongAccept: "wrong-accept" breaks "rfc6455/4.2.2-accept",
        "The accept value has a flipped bit.";
    CannedAccept: "canned-accept" breaks "rfc6455/4.2.2-accept",
        "The accept value is always that of the RFC's example.";
    AcceptOfDecodedKey: "accept-of-decoded-key" breaks "rfc6455/4.2.2-accept",
        "The accept value is computed from the decoded key.";
    AcceptOfUntrimmedKey: "accept-of-untrimmed-key" breaks "rfc6455/4.2.2-accept",
        "The accept value is computed from the key and the white space around it.";
    UnpaddedAccept: "unpadded-accept" breaks "rfc6455/4.2.2-accept",
        "The accept value lacks its padding.";
    MissingAccept: "missing-accept" breaks "rfc6455/4.2.2-accept",
        "The 101 lacks Sec-WebSocket-Accept.";
    DuplicateAccept: "duplicate-accept" breaks "rfc6455/11.3.3-accept-once",
        "The 101 has two Sec-WebSocket-Accept lines.";
    SwitchWithoutUpgrade: "switch-without-upgrade" breaks "rfc9110/15.2.2-101-upgrade",
        "The 101 lacks Upgrade.";
    SwitchWithoutConnection: "switch-without-connection" breaks "rfc9110/7.8-connection",
        "The 101 lacks Connection.";
    SwitchWithOfferedList: "switch-with-offered-list" breaks "rfc6455/4.2.2-upgrade",
        "The 101 repeats the whole list of Upgrade.";
    SwitchToUnoffered: "switch-to-unoffered" breaks "rfc9110/7.8-offered",
        "The 101 names h2c, which was not offered.";
    SwitchToAnything: "switch-to-anything" breaks "rfc9110/15.2.2-101-upgrade",
        "Any Upgrade is answered with a 101 that repeats it, and nothing follows.";
    SwitchToH2c: "switch-to-h2c" breaks "rfc7540/3.2.1-settings-missing",
        "An offer of h2c is accepted, whatever HTTP2-Settings is.";
    SwitchToH2: "switch-to-h2" breaks "rfc7540/3.2-h2-token",
        "An offer of h2 is accepted.";
    Http2WithoutSwitch: "http2-without-switch" breaks "rfc9110/7.8-offered",
        "An offer of h2c is answered in HTTP/2, without a 101 before it.";
    TlsStackDescending: "tls-stack-descending" breaks "rfc9110/7.8-layers",
        "An offer of TLS gets a 101 that names HTTP/1.1 before TLS.";
    SwitchWithContentLength: "switch-with-content-length" breaks "rfc9110/8.6-cl-1xx-204",
        "The 101 has Content-Length.";
    SwitchWithChunked: "switch-with-chunked" breaks "rfc9112/6.1-te-1xx-204",
        "The 101 has Transfer-Encoding.";
    SwitchInHttp10: "switch-in-http10" breaks "rfc9110/6.2-response-version",
        "The 101 says HTTP/1.0.";
    SwitchWithVersion: "switch-with-version" breaks "rfc6455/11.3.5-on-error",
        "The 101 has Sec-WebSocket-Version.";
    SwitchTwice: "switch-twice" breaks "rfc9110/15.2.2-101-upgrade",
        "The 101 is sent twice.";
    JunkAfterSwitch: "junk-after-switch" breaks "rfc6455/4.2.2-response",
        "The 101 is followed by text that is no frame.";

    // What the 101 selects.
    UnofferedSubprotocol: "unoffered-subprotocol" breaks "rfc6455/4.2.2-no-subprotocol",
        "A subprotocol is selected although none was offered.";
    UnknownSubprotocol: "unknown-subprotocol" breaks "rfc6455/4.2.2-no-subprotocol",
        "An empty subprotocol is selected where none is known.";
    SubprotocolList: "subprotocol-list" breaks "rfc6455/4.3-protocol-server",
        "All offered subprotocols are selected.";
    TwoSubprotocols: "two-subprotocols" breaks "rfc6455/11.3.4-response-once",
        "The subprotocol is selected twice.";
    RepeatedSubprotocolListed: "repeated-subprotocol-listed" breaks "rfc6455/4.3-protocol-server",
        "A subprotocol is selected as often as it was offered, in a list.";
    SubprotocolCase: "subprotocol-case" breaks "rfc7936/2-case",
        "Subprotocols are compared without case.";
    SubprotocolSubstring: "subprotocol-substring" breaks "rfc6455/4.2.2-subprotocol-choice",
        "Subprotocols are found within longer names.";
    UnofferedExtension: "unoffered-extension" breaks "rfc6455/4.2.2-extensions-offered",
        "permessage-deflate is accepted although it was not offered.";
    ExtensionsEchoed: "extensions-echoed" breaks "rfc6455/9.1-registered",
        "Every extension is accepted, known or not.";
    UndefinedExtensionParameter: "undefined-extension-parameter" breaks "rfc6455/9.1-defined-params",
        "permessage-deflate is accepted with a parameter that it lacks.";
    DeflateAcceptedTwice: "deflate-accepted-twice" breaks "rfc7692/5-conflict",
        "permessage-deflate is accepted twice.";
    WindowBitsNotEchoed: "window-bits-not-echoed" breaks "rfc7692/7.1.2.1-echo",
        "server_max_window_bits is missing from the answer.";
    WindowBitsTooWide: "window-bits-too-wide" breaks "rfc7692/7.1.2.1-echo",
        "server_max_window_bits is wider in the answer than in the offer.";
    WindowBitsLeadingZero: "window-bits-leading-zero" breaks "rfc7692/7.1.2.1-value",
        "server_max_window_bits has a leading zero in the answer.";
    TakeoverNotEchoed: "takeover-not-echoed" breaks "rfc7692/7.1.1.1-echo",
        "server_no_context_takeover is missing from the answer.";
    TakeoverWithValue: "takeover-with-value" breaks "rfc7692/7-invalid-value",
        "client_no_context_takeover has a value in the answer.";
    ClientWindowBitsUnasked: "client-window-bits-unasked" breaks "rfc7692/7.1.2.2-not-offered",
        "client_max_window_bits is in the answer to an offer without it.";
    ClientWindowBitsWithoutValue: "client-window-bits-without-value" breaks "rfc7692/7.1.2.2-answer-value",
        "client_max_window_bits has no value in the answer.";
    ClientWindowBitsTooWide: "client-window-bits-too-wide" breaks "rfc7692/7.1.2.2-answer-value",
        "client_max_window_bits is 16 in the answer.";

    // How answers are written.
    NoDate: "no-date" breaks "rfc9110/6.6.1-date",
        "Date is missing.";
    MalformedDate: "malformed-date" breaks "rfc9110/2.2-grammar",
        "Date is in the format of RFC 850.";
    DuplicateLength: "duplicate-length" breaks "rfc9110/5.3-repeated-lines",
        "Content-Length is there twice.";
    LengthAndChunked: "length-and-chunked" breaks "rfc9112/6.2-cl-with-te",
        "Content-Length stands beside Transfer-Encoding.";
    ChunkedToHttp10: "chunked-to-http10" breaks "rfc9112/6.1-te-old-client",
        "An HTTP/1.0 request gets a chunked answer.";
    HeadWithContent: "head-with-content" breaks "rfc9110/9.3.2-head-content",
        "The answer to HEAD has content.";
    NoLength: "no-length" breaks "rfc9112/9.3-persistence-rules",
        "The end of the content is not told, and the connection stays open.";
    RequestFieldSent: "request-field-sent" breaks "rfc9110/2.2-role",
        "Answers repeat the fields of requests.";
    EndToEndOption: "end-to-end-option" breaks "rfc9110/7.6.1-end-to-end",
        "Connection names Date.";
    EmptyElementSent: "empty-element-sent" breaks "rfc9110/5.6.1.1-no-empty-elements",
        "Connection begins with an empty element.";
    SpaceBeforeColonSent: "space-before-colon-sent" breaks "rfc9112/5-field-line",
        "Answers have space before a colon.";
    SpaceLedLineSent: "space-led-line-sent" breaks "rfc9112/2.2-space-before-fields-sent",
        "The status line is followed by a line led by space.";
    FoldSent: "fold-sent" breaks "rfc9112/5.2-no-fold",
        "Answers have a folded line.";
    BareCrSent: "bare-cr-sent" breaks "rfc9112/2.2-bare-cr-sent",
        "Answers have a CR without LF.";
    BareLfSent: "bare-lf-sent" breaks "rfc9112/2.1-message",
        "Lines end with LF alone.";
    NoSpaceAfterStatus: "no-space-after-status" breaks "rfc9112/4-status-space",
        "The status line ends with the status.";

    // Frames.
    MaskedFrames: "masked-frames" breaks "rfc6455/5.1-server-unmasked",
        "The server masks its frames.";
    ReservedBitSent: "reserved-bit-sent" breaks "rfc6455/5.2-rsv",
        "The server sets RSV2.";
    LongLengthForm: "long-length-form" breaks "rfc6455/5.2-length",
        "The server writes short lengths in the long form.";
    NoPong: "no-pong" breaks "rfc6455/5.5.2-pong",
        "A Ping is not answered.";
    WrongPong: "wrong-pong" breaks "rfc6455/5.5.3-same-data",
        "A Pong is always empty.";
    CloseOnUnsolicitedPong: "close-on-unsolicited-pong" breaks "rfc6455/5.5.3-unsolicited",
        "A Pong that answers nothing ends the connection.";
    AcceptUnmaskedFrame: "accept-unmasked-frame" breaks "rfc6455/5.1-unmasked",
        "A frame need not be masked.";
    RefuseZeroMask: "refuse-zero-mask" breaks "rfc6455/5.5.2-pong",
        "A masking key of zeros is taken for none.";
    MaskLeftOnRest: "mask-left-on-rest" breaks "rfc6455/6.2-unmask",
        "The mask is taken off the first eight octets of data.";
    EchoStillMasked: "echo-still-masked" breaks "rfc6455/5.6-utf8",
        "The mask is not taken off.";
    AcceptReservedBits: "accept-reserved-bits" breaks "rfc6455/5.2-rsv",
        "Reserved bits are not looked at.";
    AcceptUnknownOpcode: "accept-unknown-opcode" breaks "rfc6455/5.2-opcode",
        "Frames with an unknown opcode are skipped.";
    AcceptLongControlFrame: "accept-long-control-frame" breaks "rfc6455/5.5-control-frame",
        "A control frame may be of any length.";
    AcceptFragmentedControlFrame: "accept-fragmented-control-frame" breaks "rfc6455/10.7-close-frame",
        "A control frame may be a fragment.";
    AcceptStrayContinuation: "accept-stray-continuation" breaks "rfc6455/10.7-close-frame",
        "A continuation of nothing is skipped.";
    AcceptNestedMessage: "accept-nested-message" breaks "rfc6455/10.7-close-frame",
        "A new message takes the place of one that is not complete.";
    NoFragments: "no-fragments" breaks "rfc6455/5.4-fragments",
        "A fragment ends the connection.";
    NoInterleavedControl: "no-interleaved-control" breaks "rfc6455/5.4-interleaved-control",
        "A control frame between fragments ends the connection.";
    AcceptInvalidUtf8: "accept-invalid-utf8" breaks "rfc6455/5.6-utf8",
        "Text need not be UTF-8.";
    Utf8ByFrame: "utf8-by-frame" breaks "rfc6455/5.6-utf8",
        "Each fragment of a text has to be UTF-8 by itself.";
    NoCloseAnswer: "no-close-answer" breaks "rfc6455/5.5.1-answer-close",
        "A Close is answered by ending the connection.";
    OpenAfterClose: "open-after-close" breaks "rfc6455/5.5.1-close-tcp",
        "The connection stays open after the Close frames.";
    ReservedCodeEchoed: "reserved-code-echoed" breaks "rfc6455/7.4.1-reserved-codes",
        "A Close repeats whatever code it answers.";
    CloseBodyEchoed: "close-body-echoed" breaks "rfc6455/5.5.1-body",
        "A Close repeats whatever body it answers.";
    DataAfterClose: "data-after-close" breaks "rfc6455/5.5.1-no-data-after",
        "Messages are echoed after the Close.";
    GoingOnAfterFailing: "going-on-after-failing" breaks "rfc6455/7.1.7-stop-processing",
        "Frames behind a bad frame are still answered.";
    FailingWithoutCloseFrame: "failing-without-close-frame" breaks "rfc6455/7.1.7-close-frame",
        "A bad frame ends the connection without a Close frame.";
    OpenAfterFailing: "open-after-failing" breaks "rfc6455/7.1.7-fail",
        "A bad frame gets a Close frame and the connection stays open.";
    CloseIgnored: "close-ignored" breaks "rfc6455/5.5.1-answer-close",
        "A Close is not answered, and the connection stays open.";
    ImpossibleLengthAwaited: "impossible-length-awaited" breaks "rfc6455/10.7-close-frame",
        "A frame that is longer than frames can be is waited for.";
    LongLengthFormAwaited: "long-length-form-awaited" breaks "rfc6455/10.7-close-frame",
        "A frame whose length is written in more octets than it needs is never done.";
    LengthCut: "length-cut" breaks "rfc6455/6.2-parse-frames",
        "Of a length of 64 bits the lower 32 count.";
    OneFramePerRead: "one-frame-per-read" breaks "rfc6455/5.5.2-pong",
        "Of several frames that come together all but the first are lost.";
    PartOfFrameLost: "part-of-frame-lost" breaks "rfc6455/5.5.2-pong",
        "The beginning of a frame whose rest comes later is lost.";
    LongMessageLost: "long-message-lost" breaks "rfc6455/6.2-parse-frames",
        "Messages in frames with an extended length are lost.";
    PongCut: "pong-cut" breaks "rfc6455/5.5.3-same-data",
        "A Pong carries 64 octets at most.";
    NotInflated: "not-inflated" breaks "rfc7692/5-use",
        "A compressed message is taken as it is.";
    WindowForgotten: "window-forgotten" breaks "rfc7692/7.2.2-shared-window",
        "Each message is inflated with an empty window.";
    TakeoverHintBinds: "takeover-hint-binds" breaks "rfc7692/7.2.2-shared-window",
        "client_no_context_takeover counts from the offer on, and the answer lacks it.";
    WindowTooSmall: "window-too-small" breaks "rfc7692/7.2.2-full-window",
        "Messages are inflated with a window of 8 KiB.";
    RefuseUncompressed: "refuse-uncompressed" breaks "rfc7692/6-uncompressed",
        "An uncompressed message ends the connection once compression is agreed.";
    AcceptCompressedPing: "accept-compressed-ping" breaks "rfc7692/6.1-rsv1",
        "RSV1 on a control frame or a later fragment is not looked at once compression is agreed.";
} }
