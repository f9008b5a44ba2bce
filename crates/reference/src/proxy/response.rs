//! A response: as it came from the origin, and as it goes to the client.

use std::time::SystemTime;

use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::key::accept;
use upspec_handshake::field::upgrade::Protocol;
use upspec_handshake::field::{connection, elements_of};
use upspec_handshake::{FieldLine, ResponseHead, Status, Version, ViolationKind};

use super::config::ProxyConfig;
use super::fault::{Effect, Point};
use super::fields;
use super::request::Asked;
use super::variation::Way;
use crate::date::imf_fixdate;
use crate::fault::Seen;

/// What a head of the origin is.
#[derive(Debug)]
pub(super) enum Answered {
    /// No answer that can be passed on, and why.
    Bad(&'static str),
    /// The answer, or its head.
    Final(Answer),
    /// A 1xx, as it goes to the client; empty where it goes to nobody.
    Interim(Vec<u8>),
    /// A tunnel begins behind this head.
    Tunnel(Vec<u8>),
}

/// A final response.
#[derive(Debug)]
pub(super) struct Answer {
    /// The head as it goes to the client.
    pub(super) head: Vec<u8>,
    /// How its content comes.
    pub(super) came: Framing,
    /// How its content goes.
    pub(super) goes: Framing,
    /// The connection to the origin may be used again.
    pub(super) origin_persists: bool,
    /// The connection of the client ends behind it.
    pub(super) is_last: bool,
    /// The connection options of the origin.
    pub(super) options: Vec<Vec<u8>>,
}

/// Content that comes in this way, and goes as it is.
pub(super) fn content(came: Framing) -> Answer {
    Answer {
        head: Vec::new(),
        came,
        goes: Framing::UntilClose,
        origin_persists: false,
        is_last: false,
        options: Vec::new(),
    }
}

impl Answered {
    /// Reads a complete head.
    pub(super) fn read(
        config: &ProxyConfig,
        asked: &Asked,
        octets: Vec<u8>,
        now: SystemTime,
    ) -> Self {
        let came = Seen::of(octets);
        let read = as_read(config, &came, asked);
        let Status::Complete(head) = ResponseHead::parse(&read) else {
            return Self::Bad("the head of the origin's answer has no end");
        };
        let Some(status) = head.status.filter(|_| is_readable(config, &head)) else {
            return Self::Bad("the origin's answer is no HTTP");
        };
        let passing = Passing { config, asked, head: &head, came: &came, now };
        if passing.is_failed_by_fault() {
            return Self::Bad("the origin's answer is not taken");
        }
        if passing.is_tunnel_by_fault() {
            return Self::Tunnel(passing.by_fault());
        }
        match status {
            101 if passing.is_switch() => Self::Tunnel(passing.switch()),
            101 if config.goes(Way::IgnoresBadSwitch) => Self::Interim(Vec::new()),
            101 => Self::Bad("the origin switches to what was not asked for"),
            100..=199 => Self::Interim(passing.interim()),
            200..=299 if asked.is_connect() => Self::Tunnel(passing.connected()),
            _ => passing.answer().map_or_else(Self::Bad, Self::Final),
        }
    }
}

/// The head as a fault reads it.
fn as_read(config: &ProxyConfig, came: &Seen, asked: &Asked) -> Vec<u8> {
    let mut read = came.clone();
    for effect in config.effects() {
        if let Effect::Answered(change) = effect {
            change(&mut read, &asked.came);
        }
    }
    if read == *came { came.octets.clone() } else { read.write() }
}

/// Whether a gateway can mend what is wrong with the head, if anything: a fold (RFC 9112 5.2), white space before a
/// colon (5.1), a line end (2.2), the space before an empty reason (4).
fn is_readable(config: &ProxyConfig, head: &ResponseHead<'_>) -> bool {
    use ViolationKind::{BareLf, ObsFold, SpaceAfterStatusMissing, SpaceBeforeColon};
    let is_http1 = head.version.is_some_and(|version| version.major == 1);
    is_http1
        && head.violations.iter().all(|violation| {
            let mended = [BareLf, ObsFold, SpaceAfterStatusMissing, SpaceBeforeColon];
            mended.contains(&violation.kind) || config.overlooks(violation.kind)
        })
}

/// A response on its way.
struct Passing<'p> {
    config: &'p ProxyConfig,
    asked: &'p Asked,
    head: &'p ResponseHead<'p>,
    came: &'p Seen,
    now: SystemTime,
}

impl Passing<'_> {
    /// A 101 counts where it names protocols that were offered, with the connection option (RFC 9110 7.8).
    fn is_switch(&self) -> bool {
        let fields = &self.head.fields;
        let mut named = elements_of(fields.values("Upgrade")).peekable();
        let is_offered =
            |name: &[u8]| self.asked.offered.iter().any(|offered| is_same_protocol(offered, name));
        self.fits_own_key()
            && named.peek().is_some()
            && named.all(is_offered)
            && connection::contains_option(fields.values("Connection"), "upgrade")
    }

    /// Whoever has sent the key checks what comes of it (RFC 6455 4.1).
    fn fits_own_key(&self) -> bool {
        let Some(key) = &self.asked.own_key else { return true };
        let mut found = self.head.fields.values("Sec-WebSocket-Accept");
        let is_right = found.next() == Some(&accept(key)) && found.next().is_none();
        is_right || self.config.errs_at(Point::OwnAcceptUnchecked)
    }

    /// The 101, with the pair as our own; it has no content, so that nothing may frame any (RFC 9110 8.6; RFC 9112
    /// 6.1).
    fn switch(&self) -> Vec<u8> {
        let mut out = self.begun();
        self.pair(&mut out, false);
        let mut octets = out.octets();
        let key =
            self.asked.own_key.as_ref().and_then(|_| self.asked.came.value("Sec-WebSocket-Key"));
        if let Some(key) = key.filter(|_| !self.config.errs_at(Point::OwnAcceptPassed)) {
            let mut head = Seen::of(octets);
            head.set("Sec-WebSocket-Accept", &accept(&key));
            octets = head.write();
        }
        self.changed(octets)
    }

    fn interim(&self) -> Vec<u8> {
        let is_barred = self.asked.request.is_old && !self.config.errs_at(Point::InterimToOld);
        if is_barred || self.config.goes(Way::DropsInterim) {
            return Vec::new();
        }
        self.changed(self.begun().octets())
    }

    fn connected(&self) -> Vec<u8> {
        self.changed(self.begun().octets())
    }

    fn answer(&self) -> Result<Answer, &'static str> {
        let came = Framing::of_response(self.head, &self.asked.method);
        let mut codings = elements_of(self.head.fields.values("Transfer-Encoding"));
        let is_coded = codings.any(|coding| !coding.eq_ignore_ascii_case(b"chunked"));
        if came == Framing::Invalid || is_coded {
            return Err("the end of the origin's answer cannot be told");
        }
        let is_old = self.asked.request.is_old;
        let goes = match came {
            Framing::Chunked | Framing::UntilClose if is_old => Framing::UntilClose,
            Framing::UntilClose => Framing::Chunked,
            Framing::Length(1..) if !is_old && self.config.goes(Way::RechunksAnswers) => {
                Framing::Chunked
            }
            other => other,
        };
        // Who has sent octets for a tunnel gets no requests made of them (RFC 9931).
        let is_last = self.asked.request.is_last
            || self.asked.is_connect()
            || goes == Framing::UntilClose
            || self.config.goes(Way::ClosesAfterAnswer);
        let options = fields::options(&self.head.fields);
        let is_current = self.head.version >= Some(Version::HTTP_11);
        let origin_persists = is_current
            && came != Framing::UntilClose
            && !options.iter().any(|option| option == b"close");
        let head = self.changed(self.final_head(goes, is_last).octets());
        Ok(Answer { head, came, goes, origin_persists, is_last, options })
    }

    fn final_head(&self, goes: Framing, is_last: bool) -> ResponseHead<'_> {
        let mut out = self.begun();
        let bears_upgrade = self.head.status == Some(426) && self.head.fields.contains("Upgrade");
        if bears_upgrade {
            self.pair(&mut out, is_last);
        } else if is_last {
            out.fields.push(FieldLine::new(b"Connection", &b"close"[..]));
        }
        match goes {
            Framing::Length(octets) => {
                out.fields.push(FieldLine::new(b"Content-Length", octets.to_string().into_bytes()));
            }
            Framing::Chunked => {
                out.fields.push(FieldLine::new(b"Transfer-Encoding", &b"chunked"[..]));
            }
            // What HEAD and 304 say of content that does not come (RFC 9110 8.6).
            Framing::None if self.head.status != Some(204) => {
                use upspec_handshake::field::framing::{ContentLength, content_length};
                let lines = self.head.fields.values("Content-Length");
                if let ContentLength::Octets(octets) = content_length(lines) {
                    let octets = octets.to_string().into_bytes();
                    out.fields.push(FieldLine::new(b"Content-Length", octets));
                }
            }
            _ => {}
        }
        out
    }

    /// The status line of our own version (RFC 9112 2.3), and the fields that go on. A response that comes without
    /// Date gets one (RFC 9110 6.6.1).
    fn begun(&self) -> ResponseHead<'_> {
        let mut out = ResponseHead::new(self.head.status.unwrap_or(502));
        out.reason = self.head.reason;
        let options = fields::options(&self.head.fields);
        for line in self.head.fields.iter().filter(|line| fields::is_passed_on(line, &options)) {
            out.fields.push(FieldLine::new(line.name, line.value.as_ref()));
        }
        if !out.fields.contains("Date") {
            out.fields.push(FieldLine::new(b"Date", imf_fixdate(self.now)));
        }
        if self.config.goes(Way::ViaInResponses) {
            out.fields.push(FieldLine::new(b"Via", &b"1.1 upspec"[..]));
        }
        out
    }

    /// Upgrade as it came, and the option that belongs to it.
    fn pair(&self, out: &mut ResponseHead<'_>, is_last: bool) {
        let named: Vec<&[u8]> = elements_of(self.head.fields.values("Upgrade")).collect();
        let options = if is_last { &b"Upgrade, close"[..] } else { b"Upgrade" };
        out.fields.push(FieldLine::new(b"Upgrade", named.join(&b", "[..])));
        out.fields.push(FieldLine::new(b"Connection", options));
    }

    fn is_failed_by_fault(&self) -> bool {
        self.config.effects().any(|effect| match effect {
            Effect::Fail(fails) => fails(self.came, &self.asked.came),
            _ => false,
        })
    }

    fn is_tunnel_by_fault(&self) -> bool {
        self.config.effects().any(|effect| match effect {
            Effect::Tunnel(opens) => opens(self.came, &self.asked.came),
            _ => false,
        })
    }

    /// The head of a response behind which a fault sees a tunnel: what the conforming gateway makes of it, with the
    /// pair of Upgrade and Connection if it came.
    fn by_fault(&self) -> Vec<u8> {
        let framing = Framing::of_response(self.head, &self.asked.method);
        let mut out = match self.head.is_interim() {
            true => self.begun(),
            false => self.final_head(framing, false),
        };
        if self.head.is_interim() && self.head.fields.contains("Upgrade") {
            self.pair(&mut out, false);
        }
        self.changed(out.octets())
    }

    /// The head that goes to the client, as a fault makes it.
    fn changed(&self, octets: Vec<u8>) -> Vec<u8> {
        let mut changes = self.config.effects().filter_map(|effect| match effect {
            Effect::Returned(change) => Some(change),
            _ => None,
        });
        let Some(change) = changes.next() else { return octets };
        let mut head = Seen::of(octets);
        for change in std::iter::once(change).chain(changes) {
            change(&mut head, self.came);
        }
        head.write()
    }
}

/// Protocol names have no letter case; what follows the slash has (RFC 9110 7.8).
fn is_same_protocol(one: &[u8], other: &[u8]) -> bool {
    match (Protocol::parse(one), Protocol::parse(other)) {
        (Some(one), Some(other)) => {
            one.name.eq_ignore_ascii_case(other.name) && one.version == other.version
        }
        _ => false,
    }
}
