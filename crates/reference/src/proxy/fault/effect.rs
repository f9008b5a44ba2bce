//! Where a gateway can go wrong, and what a fault changes there.

use upspec_handshake::ViolationKind;
use upspec_handshake::h2::ListViolationKind;

use crate::fault::{Point as ServerPoint, Seen};

/// What a fault does, at one place of the gateway. Where two heads are named, the second one is as it came.
#[derive(Clone, Copy)]
pub(in crate::proxy) enum Effect {
    // A request.
    /// Its head is read otherwise.
    Read(fn(&mut Seen)),
    /// This violation in a head is overlooked, in that of a response, too.
    Overlook(ViolationKind),
    /// A request that is in order is refused with this status.
    Refuse(fn(&Seen) -> Option<u16>),
    /// Its head is changed on the way to the origin. The head as it came stands beside it.
    Forwarded(fn(&mut Seen, &Seen)),
    /// What stands behind it goes to the origin at once, octet for octet.
    Early(fn(&Seen) -> bool),

    // A response; the request stands beside it as it came.
    /// Its head is read otherwise.
    Answered(fn(&mut Seen, &Seen)),
    /// It is taken for no answer.
    Fail(fn(&Seen, &Seen) -> bool),
    /// It is taken for the beginning of a tunnel.
    Tunnel(fn(&Seen, &Seen) -> bool),
    /// A 1xx is taken for the final response, which has no content.
    Finish(fn(&Seen, &Seen) -> bool),
    /// The gateway asks again with these octets, and passes the next response on in its place.
    Again(fn(&Seen, &Seen) -> Option<Vec<u8>>),
    /// It is the end of the gateway's process.
    Die(fn(&Seen, &Seen) -> bool),
    /// Its head is changed on the way to the client. The response as it came stands beside it.
    Returned(fn(&mut Seen, &Seen)),

    // A tunnel.
    /// What the client sends arrives as other octets.
    Upward(fn(Vec<u8>) -> Vec<u8>),
    /// What the origin sends arrives as other octets.
    Downward(fn(Vec<u8>) -> Vec<u8>),

    // HTTP/2 in front.
    /// This violation in a header list is overlooked.
    OverlookInList(ListViolationKind),
    /// It decides wrongly at a point where a server decides, too.
    InHttp2(ServerPoint),

    /// The gateway decides wrongly at a point in its code that asks for it by name:
    /// `config.errs_at(Point::…)`.
    At(Point),
}

/// A decision that a fault gets wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Point {
    // Requests and their content.
    /// Connection: close of a client changes nothing.
    CloseIgnored,
    /// The content of a request with Upgrade is read as the next request.
    ContentAsRequest,
    /// The content of a request with Upgrade does not go on.
    ContentLost,
    /// The content comes late, and not at all where the answer comes first.
    ContentLate,
    /// Content that came in chunks goes on without them.
    ChunksUnframed,
    /// Trailer fields that Connection names go on.
    TrailersKept,
    /// Nobody tells a client that waits for 100 that it may go on.
    ContinueWithheld,
    /// An upgrade that waits for 100 goes on without its content.
    ContinueSkipped,
    /// A head has to come in one piece.
    RequestInOneRead,
    /// What stands behind a request is lost.
    PipelinedLost,
    /// Only the first request of a connection is answered.
    FirstRequestOnly,
    /// The answer to a request overtakes the one before.
    AnswersSwapped,

    // Responses.
    /// The head of an answer has to come in one piece.
    AnswerInOneRead,
    /// A second interim response is one too many.
    OneInterim,
    /// Interim responses go to clients of HTTP/1.0.
    InterimToOld,
    /// Half a head goes to the client.
    HalfHeadPassed,
    /// What is no HTTP goes to the client.
    GarbagePassed,
    /// An origin that gives no answer is told as 404.
    FailureAs404,
    /// An origin that is silent is told as 408.
    TimeoutAs408,
    /// A client that has gone is no reason to leave the origin.
    ClientGoneUntold,
    /// What stands behind an answer is the next answer.
    SurplusKept,

    // A key of the gateway's own, where it has one.
    /// It is always the same.
    OwnKeyConstant,
    /// The Accept for it is not checked.
    OwnAcceptUnchecked,
    /// The client gets the Accept for it in place of that for its own key.
    OwnAcceptPassed,

    // Tunnels.
    /// A 101 is stored, and answers the next handshake.
    SwitchStored,
    /// The client gets its 101, and HTTP goes on.
    HttpBehindSwitch,
    /// Content-Length of a 101 counts.
    SwitchLengthCounts,
    /// What the client sent before the 101 is lost.
    EarlyLost,
    /// What comes with the 101 is lost.
    CoalescedLost,
    /// Nothing passes from client to origin.
    UpwardDead,
    /// Nothing passes from origin to client.
    DownwardDead,
    /// What the client sent right before its end is lost.
    ClientEndCuts,
    /// What the origin sent right before its end is lost.
    OriginEndCuts,
    /// The origin does not learn that the client has ended.
    ClientEndUntold,
    /// The client does not learn that the origin has ended.
    OriginEndUntold,
    /// The origin does not learn of a reset.
    ClientResetUntold,
    /// The client does not learn of a reset.
    OriginResetUntold,
    /// The connection of a tunnel that the client has left is used again.
    TunnelKept,
    /// After some tunnels there are no more.
    TunnelsRunOut,

    // A forward proxy.
    /// A 2xx to CONNECT has Content-Length.
    ConnectFramed,
    /// Every port is that of the origin.
    ConnectPortAssumed,
    /// Behind a 2xx to CONNECT requests are read.
    ConnectWithoutTunnel,

    // HTTP/2 in front.
    /// A 2xx of the origin opens the tunnel.
    Http2SuccessOpens,
    /// Any answer of the origin opens the tunnel.
    Http2AnyAnswerOpens,
    /// DATA goes on before there is a tunnel.
    Http2EarlyData,
    /// The origin's 101 is not checked.
    Http2AcceptUnchecked,
    /// A 101 is a 101 in HTTP/2, too.
    Http2SwitchPassed,
    /// Upgrade and Connection stay in responses.
    Http2ConnectionFieldsKept,
    /// The target is not looked at before a request line is made of it.
    Http2TargetUnchecked,
    /// Host beats :authority.
    Http2HostWins,
    /// Every :protocol is taken for websocket.
    Http2ProtocolAssumed,
    /// The setting for extended CONNECT is not sent.
    Http2SettingMissing,
    /// A :protocol without CONNECT goes on.
    Http2ProtocolIgnored,
    /// Cookie lines are not joined.
    Http2CookiesSplit,
    /// Content-Length is not compared with the content.
    Http2LengthUnchecked,
    /// What comes with the end of the client's side is lost.
    Http2EndCuts,
    /// The origin's end is not told.
    Http2EndUntold,
    /// A reset of the client is not told.
    Http2ResetUntold,
    /// The key of a handshake is always the same.
    Http2KeyConstant,
    /// A key that the client sends stays beside the gateway's own.
    Http2KeyTwice,

    // HTTP/2 to the origin.
    /// An answer is lost when a reset without error follows it.
    BackAnswerDiscarded,
    /// Host does not become :authority.
    BackAuthorityLost,
    /// Transfer-Encoding goes on.
    BackCodingKept,
    /// Connection and Upgrade go on.
    BackConnectionFieldsKept,
    /// Octets go on before the 2xx.
    BackEarlyData,
    /// The end of the client's side is not told.
    BackClientEndUntold,
    /// The end of the origin's stream is not told.
    BackEndUntold,
    /// A malformed response goes to the client.
    BackMalformedPassed,
    /// Any answer to an extended CONNECT opens the tunnel.
    BackRefusalOpens,
    /// A reset of the origin's stream is not told.
    BackResetUntold,
    /// A 101 is taken for one of HTTP/1.1.
    BackSwitchTaken,
}
