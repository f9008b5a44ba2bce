//! Where a client can go wrong, and what a fault changes there.

use upspec_handshake::frame::{Frame, FrameViolation};
use upspec_handshake::h2::HeaderList;

use crate::client::url::Url;
use crate::fault::{Point as TunnelPoint, Seen};
use crate::tunnel::Message;

/// Opcodes and data.
pub(crate) type Messages = Vec<(u8, Vec<u8>)>;

/// What a fault does, at one place of the client.
#[derive(Clone, Copy)]
pub(crate) enum Effect {
    // The request goes out.
    /// A URL is read otherwise, or taken where it is to be refused; `None` where it is read as it should be.
    Url(fn(&str) -> Option<Url>),
    /// The lines of the request are changed.
    Request(fn(&mut Seen)),
    /// The octets of the request are changed, or more follow them.
    Sent(fn(Vec<u8>) -> Vec<u8>),
    /// The header list of the request in HTTP/2 is changed.
    List(fn(&mut HeaderList)),

    // The answer comes in.
    /// The octets that are there of the answer are changed before they are read.
    Octets(fn(&[u8]) -> Option<Vec<u8>>),
    /// A response is read as another one. The request stands beside it.
    Answer(fn(&mut Seen, &Seen)),
    /// A response, as it is read, fails the connection. The request stands beside it.
    Refuse(fn(&Seen, &Seen) -> bool),

    /// A response, as it came, is the end of the client's process. The request stands beside it.
    DieOfAnswer(fn(&Seen, &Seen) -> bool),

    // WebSocket.
    /// A frame is the end of the client's process.
    DieOfFrame(fn(&[u8]) -> bool),
    /// A violation in a frame is overlooked.
    Overlook(fn(FrameViolation, &Message) -> bool),
    /// A frame that is in order fails the connection.
    Fail(fn(&Frame<'_>, &Message) -> bool),
    /// A frame is lost.
    Lose(fn(&Frame<'_>, &Message) -> bool),
    /// A message is told of as other ones.
    Told(fn(Vec<u8>) -> Vec<Vec<u8>>),
    /// A Ping is answered with another payload, or not at all.
    Pong(fn(&[u8]) -> Option<Vec<u8>>),
    /// A Close is answered with this body.
    CloseBody(fn(&[u8]) -> Vec<u8>),
    /// Other messages are sent than the text: opcodes and data.
    Says(fn(&str) -> Messages),
    /// A frame with this payload leaves as other octets.
    Frame(fn(Vec<u8>, &[u8]) -> Vec<u8>),

    /// The client decides wrongly at a point in its code that asks for it by name:
    /// `config.errs_at(Point::…)`.
    At(Point),
    /// The same at a point where a server decides, too.
    InTunnel(TunnelPoint),
}

/// A decision that a fault gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    // The opening, in `session`, `request` and `answer`.
    /// Frames are sent before there is an answer.
    SendsEarly,
    /// Frames are sent as soon as a part of an answer has come.
    SendsOnFirstOctets,
    /// Frames are sent as soon as an interim response has come.
    SendsAfterInterim,
    /// It tells that the connection is open before there is an answer.
    TellsOpenEarly,
    /// A head is read without a limit while it has no end.
    EndlessHead,
    /// A head counts that lacks only its empty line.
    HeadWithoutEnd,
    /// A response behind a final one counts.
    NextResponseRead,
    /// The frames that come with the 101 are lost.
    EarlyFramesLost,
    /// The key is always the same.
    KeyConstant,
    /// A further connection has the key of the one before.
    KeyKept,
    /// A second connection is opened beside one that is not answered at once.
    TwoAtOnce,
    /// After a refusal it asks again, without end.
    RetriesForever,
    /// It asks again on a connection that has to end.
    AsksHereAgain,
    /// After a loss it comes back at once, without end.
    ReconnectStorm,
    /// Redirects are followed without end.
    RedirectsForever,
    /// Host stays that of the first URL when a redirect is followed.
    RedirectKeepsHost,
    /// Credentials go to wherever a redirect leads.
    RedirectKeepsCredentials,
    /// A relative Location is taken for a path below that of the URL.
    RedirectRelativeWrong,
    /// A Location of one segment is taken for a path below that of the URL.
    RedirectSegmentWrong,
    /// A challenge is answered again and again.
    ChallengedForever,
    /// A refused connection stays open when the server has ended its side.
    EndIgnoredWhenRefused,

    // WebSocket, in `tunnel`.
    /// Empty lines before the first frame are skipped.
    CrlfSkipped,
    /// What looks like HTTP is skipped.
    HttpSkipped,
    /// A limit that is exceeded is the end of the client's process.
    DiesBeyondLimit,
    /// The connection stays open when the server has ended its side.
    EndIgnored,
    /// A limit that is exceeded changes nothing; nothing more is read.
    DeafBeyondLimit,
    /// The connection is failed without an end of it.
    FailingWithoutEnd,
    /// A message follows the Close frame.
    TalksAfterClose,
    /// Its own Close has no code that may be sent.
    ClosesWithReservedCode,
    /// Every frame has the same masking key.
    MaskConstant,

    // TLS, in `tls` and `link`.
    /// ALPN offers h2c.
    AlpnH2c,
    /// The issuer of a certificate is not checked.
    AnyIssuer,
    /// The name in a certificate is not checked.
    AnyName,
    /// The time of a certificate is not checked.
    AnyTime,
    /// When TLS fails, the handshake goes out without.
    PlainAfterFailure,
    /// TLS is never spoken.
    PlainAlways,

    // HTTP/2, in `http2`.
    /// The setting is not waited for.
    Http2SettingUnawaited,
    /// Sec-WebSocket-Accept has to be in the response.
    Http2AcceptWanted,
    /// Any status opens.
    Http2AnyStatus,
    /// 101 opens.
    Http2SwitchTaken,
    /// No other status than 200 opens.
    Http2OnlyOk,
    /// Subprotocol and extensions are not checked.
    Http2AnswerUnchecked,
    /// The end of the stream changes nothing.
    Http2EndIgnored,
    /// Frames go out on a stream that was reset.
    Http2ResetIgnored,
}
