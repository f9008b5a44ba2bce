//! Where a server can go wrong, and what a fault changes there.

use upspec_handshake::frame::{Frame, FrameHeader, FrameViolation};
use upspec_handshake::h2::{HeaderList, ListViolation};
use upspec_handshake::peer::{Cause, Request};

use super::Seen;
use super::answering::Lines;
use crate::answer::{After, Answer};
use crate::config::Config;
use crate::tunnel::Message;

/// What a fault does, at one place of the server.
#[derive(Clone, Copy)]
pub(crate) enum Effect {
    // A request comes in.
    /// The octets of a request head are changed before they are read.
    Octets(fn(&[u8]) -> Vec<u8>),
    /// A request is read as another one.
    Request(fn(&mut Seen, &Config)),
    /// Some requests are refused with this status, whatever they are.
    Refused(u16, fn(&Seen) -> bool),
    /// Some requests end the connection without an answer.
    Dropped(fn(&Seen) -> bool),
    /// Some requests are never answered.
    Unanswered(fn(&Seen) -> bool),
    /// HTTP's own ruling on a request is changed.
    Admitted(fn(&mut Request, &Seen)),
    /// The answer to a request that HTTP itself rejects is changed.
    Rejected(fn(&mut Answer, Cause, &Seen)),
    /// The octets of a chunked body are changed before they are read, or refused: then it says no.
    Chunks(fn(&mut Vec<u8>) -> bool),
    /// A chunked body changes the head before it.
    Body(fn(&mut Vec<u8>, &[u8])),

    // An answer goes out.
    /// An offer to upgrade to something other than WebSocket is answered with 101 and this Upgrade.
    Upgrade(fn(&[u8]) -> Option<Vec<u8>>),
    /// Some answers end the connection instead of being sent.
    Close(fn(&Answer) -> bool),
    /// Some answers are not sent, and the server stays silent from then on.
    Silence(fn(&Answer) -> bool),
    /// An answer is changed before Date, Content-Length and Connection are added.
    Answer(fn(&mut Answer, &Seen)),
    /// A 101 is changed before Date and Connection are added.
    Switch(fn(&mut Answer, &Seen, &Config)),
    /// An answer that has all its fields is changed.
    Completed(fn(&mut Answer, &Seen)),
    /// The octets of an answer are changed.
    Written(fn(&Lines<'_>, &Seen) -> Option<Vec<u8>>),
    /// What happens to the connection after an answer is changed.
    Done(fn(After, u16) -> After),

    // WebSocket.
    /// A frame is skipped because of its header: this many of the octets that have arrived.
    Header(fn(&FrameHeader, usize) -> Option<usize>),
    /// A violation in a frame is overlooked.
    Overlook(fn(FrameViolation, &Message) -> bool),
    /// A frame that is in order fails the connection.
    Fail(fn(&Frame<'_>, &Message) -> bool),
    /// A frame that is in order is lost.
    Lose(fn(&Frame<'_>) -> bool),
    /// The payload of a data frame is read as another one.
    Payload(fn(&[u8]) -> Vec<u8>),
    /// A Ping is answered with another payload, or not at all.
    Pong(fn(&[u8]) -> Option<&[u8]>),
    /// A frame with this payload leaves as other octets.
    Frame(fn(Vec<u8>, &[u8]) -> Vec<u8>),

    // HTTP/2.
    /// The settings of the server are announced by other frames.
    Http2Settings(fn(&[(u16, u32)]) -> Vec<u8>),
    /// A violation of a request is overlooked.
    Http2Overlook(fn(&ListViolation, &HeaderList) -> bool),
    /// A request that is in order is taken for a malformed one.
    Http2Object(fn(&HeaderList) -> bool),
    /// Some requests get this status, whatever they are.
    Http2Status(u16, fn(&HeaderList, &Config) -> bool),
    /// Some requests are never answered.
    Http2Unanswered(fn(&HeaderList) -> bool),
    /// A `:protocol` is taken for WebSocket.
    Http2Protocol(fn(&[u8]) -> bool),
    /// A request is changed by the first one that came before it on its connection.
    Http2Remembered(fn(&mut HeaderList, &HeaderList)),
    /// The header section of a response is changed.
    Http2Section(fn(&mut HeaderList, &Answer)),
    /// A DATA frame, given without padding and with it, is read as other octets of a WebSocket.
    Http2Tunnelled(for<'f> fn(&'f [u8], &'f [u8]) -> &'f [u8]),
    /// Whether a WebSocket ends with this DATA frame, given whether it has END_STREAM.
    Http2TunnelEnds(fn(&[u8], bool) -> bool),

    /// The server decides wrongly at a point in its code that asks for it by name:
    /// `config.errs_at(Point::…)`.
    At(Point),
}

/// A decision that a fault gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    // HTTP/1.1, in `session`.
    /// A request that is cut off is answered as a success.
    CutHeadServed,
    /// A handshake with a frame right behind it is dropped.
    EarlyFrameDropped,
    /// Octets that are not a request are skipped up to the next empty line.
    GarbageSkipped,
    /// Octets that are not a request get no answer.
    GarbageUnanswered,
    /// Chunks and their extensions are read without a limit.
    EndlessChunks,
    /// A head is read without a limit while it has no end.
    EndlessHead,
    /// The end of the client's stream changes nothing.
    HalfCloseIgnored,
    /// A head has to come in one piece.
    HeadInOneRead,
    /// A handshake that lacks only its empty line is answered.
    HeadWithoutEnd,
    /// What follows a request in the same read is lost.
    PipelineDropped,
    /// An answer waits for the next one to go first.
    PipelineReordered,
    /// The server dies when a client has reset its connection, and something starts it again.
    ResetDeadly,
    /// It dies when a WebSocket ends without a Close.
    TunnelEndDeadly,
    /// The preface of HTTP/2 is a request like any other.
    PrefaceIgnored,
    /// The preface of HTTP/2 is taken up where HTTP/1.1 has been agreed inside TLS.
    PrefaceTakenUpInTls,
    /// A second request is never answered.
    SecondRequestUnanswered,
    /// The subprotocols of an earlier request on the connection are on offer in a later one without any.
    SubprotocolsRemembered,
    /// The rest of a body is awaited after the end of the client's stream.
    ShortBodyAwaited,

    // The switch to h2c, in `http2::upgrade` and `http2`.
    /// The offer may be made inside TLS.
    H2cInTls,
    /// The content of the request is read as HTTP/2.
    H2cContentUnread,
    /// Nothing is read after the switch.
    H2cDeaf,
    /// No stream but the first is answered.
    H2cFirstAlone,
    /// Connection need not list what goes with the offer.
    H2cOptionsUnchecked,
    /// SETTINGS come after the answer.
    H2cSettingsLast,
    /// HTTP2-Settings is not heeded.
    H2cSettingsUnapplied,
    /// HTTP2-Settings may be anything.
    H2cSettingsUnchecked,
    /// An offer is taken up at all.
    H2cTakenUp,
    /// Stream 1 stays without an answer.
    H2cUnanswered,

    // TLS, in `server` and `tls`.
    /// A client without ALPN is turned away.
    AlpnRequired,
    /// ALPN selects h2c.
    AlpnH2cSelected,
    /// Where both are on offer, HTTP/1.1 is spoken after ALPN selected h2.
    AlpnH2NotSpoken,
    /// HTTP/1.1 is understood after ALPN selected h2.
    Http1InH2,
    /// What comes without TLS is served.
    PlainServed,
    /// What comes without TLS is never answered.
    PlainUnanswered,

    // WebSocket, in `tunnel`.
    /// A Close is not answered.
    CloseAnswerOmitted,
    /// A Close is answered with its whole body.
    CloseBodyEchoed,
    /// A Close means nothing.
    CloseIgnored,
    /// Behind the end of the client's stream goes a continuation of no message.
    ContinuationAtEnd,
    /// What leaves is compressed with the widest window, whatever was agreed on.
    CompressedBeyondWindow,
    /// What leaves is said to be compressed, and is not.
    CompressedInName,
    /// What leaves refers to the messages before it.
    CompressedWithTakeover,
    /// The connection is failed without a Close.
    FailingWithoutClose,
    /// A request after the 101 gets an HTTP answer.
    HttpInTunnel,
    /// Joining the fragments of a message takes the square of their octets.
    FragmentsCost,
    /// Inflating takes the square of what comes out.
    InflatingCost,
    /// A compressed message is taken as it is.
    NotInflated,
    /// All but the first of several frames that arrive together are lost.
    OneFramePerRead,
    /// The connection stays open after the Close frames.
    OpenAfterClose,
    /// The connection stays open after a failure.
    OpenAfterFailing,
    /// An incomplete frame is lost.
    PartOfFrameLost,
    /// Frames are read and answered after the Close frames.
    ReadingAfterClose,
    /// Frames are read and answered after a failure.
    ReadingAfterFailing,
    /// Behind the end of the client's stream goes another HTTP answer.
    ResponseAtEnd,
    /// Text need not be UTF-8.
    Utf8Unchecked,
    /// Each message is inflated with an empty window.
    WindowForgotten,
    /// The same, if client_no_context_takeover was offered.
    WindowForgottenOnHint,
    /// Messages are inflated with a window of 8 KiB.
    WindowTooSmall,
    /// A masking key of zeros counts as no masking.
    ZeroMaskUnseen,

    // HTTP/2, in `http2`.
    /// The room that DATA takes is not given back for the connection.
    Http2ConnectionCreditOmitted,
    /// DATA leaves whatever room the connection has.
    Http2ConnectionWindowIgnored,
    /// The room that DATA takes is never given back.
    Http2CreditOmitted,
    /// After a malformed request no other one is answered.
    Http2DeafAfterMalformed,
    /// An error has no content.
    Http2ErrorContentOmitted,
    /// A header section does not go out into a window of 0.
    Http2HeadersWait,
    /// A host that is not the :authority is let through.
    Http2HostIgnored,
    /// The key of an extended CONNECT counts.
    Http2KeyRead,
    /// Content-Length is not compared with the content.
    Http2LengthIgnored,
    /// A malformed request is not answered.
    Http2MalformedUnanswered,
    /// The windows of open streams stay when SETTINGS say otherwise.
    Http2OpenWindowsKept,
    /// The room that padding takes is not given back.
    Http2PaddingUncredited,
    /// PING is not answered.
    Http2PingAckOmitted,
    /// Beside a WebSocket, requests are not answered.
    Http2RequestUnansweredBesideTunnel,
    /// A frame of WebSocket has to be within one DATA frame.
    Http2RestDropped,
    /// The client may not send the setting that the server sends.
    Http2SettingRefused,
    /// SETTINGS are not acknowledged.
    Http2SettingsAckOmitted,
    /// WINDOW_UPDATE for a stream is ignored.
    Http2StreamCreditIgnored,
    /// Beside a WebSocket, streams are refused.
    Http2StreamRefusedBesideTunnel,
    /// A reset of a WebSocket ends the connection.
    Http2TunnelResetEndsAll,
    /// HEADERS on the stream of a WebSocket are ignored.
    Http2TunnelTakesHeaders,
    /// A window may grow without limit.
    Http2WindowOverflows,
    /// DATA leaves whatever room there is.
    Http2WindowsIgnored,
    /// A WINDOW_UPDATE by 0 is ignored.
    Http2ZeroIncrementTaken,
}
