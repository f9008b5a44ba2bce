//! The parameters of permessage-deflate, RFC 7692 section 7.

use super::extension::Extension;
use super::parameter::Parameter;

/// A client's offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Offer {
    /// The server shall not use context takeover (7.1.1.1).
    pub server_no_context_takeover: bool,
    /// The client hints that it does not use context takeover (7.1.1.2).
    pub client_no_context_takeover: bool,
    /// The window that the server shall not exceed (7.1.2.1).
    pub server_max_window_bits: Option<u8>,
    /// What the client says of its own window (7.1.2.2).
    pub client_max_window_bits: ClientWindow,
}

/// What an offer says of the client's window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClientWindow {
    /// Nothing: the answer must not limit it.
    #[default]
    Absent,
    /// The answer may limit it.
    Any,
    /// The answer may limit it, and it is not larger than this anyway.
    AtMost(u8),
}

/// A server's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answer {
    /// The server does not use context takeover (7.1.1.1).
    pub server_no_context_takeover: bool,
    /// The client must not use context takeover (7.1.1.2).
    pub client_no_context_takeover: bool,
    /// The window that the server does not exceed (7.1.2.1).
    pub server_max_window_bits: Option<u8>,
    /// The window that the client must not exceed (7.1.2.2).
    pub client_max_window_bits: Option<u8>,
}

/// Why a parameter makes an offer or an answer invalid (RFC 7692 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateViolation<'a> {
    /// The name of the parameter.
    pub parameter: &'a [u8],
    /// What is wrong with it.
    pub kind: DeflateViolationKind,
}

/// What can be wrong with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeflateViolationKind {
    /// A number with a zero before it.
    LeadingZero,
    /// A value that is not a number.
    NotDigits,
    /// A number outside of 8 to 15.
    OutOfRange,
    /// The name occurred before.
    Repeated,
    /// The name is not among the four, letter for letter.
    Unknown,
    /// No value where one belongs.
    ValueMissing,
    /// A value where none belongs.
    ValueUnexpected,
}

/// How an answer can fail to fit an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Misfit {
    /// The answer's client window is larger than the offer's hint. Lawful, since a server may
    /// ignore the hint, but of no use.
    ClientWindowLarger,
    /// The answer limits a client window that the offer does not mention.
    ClientWindowNotOffered,
    /// The answer does not take up the offer's wish for no context takeover.
    ServerContextTakeover,
    /// The answer's server window is larger than the offer's.
    ServerWindowLarger,
    /// The answer does not take up the offer's server window, which is this.
    ServerWindowMissing(u8),
}

impl Misfit {
    /// Whether RFC 7692 leaves it to the server.
    pub fn is_lawful(self) -> bool {
        self == Self::ClientWindowLarger
    }
}

impl Offer {
    /// Reads the parameters of an offer. A server declines an offer with a violation.
    pub fn parse<'a>(extension: &Extension<'a>) -> Result<Self, Vec<DeflateViolation<'a>>> {
        Parameters::read(extension, empty_or_window, <[u8]>::eq).map(|read| Self::of(&read))
    }

    /// The same with names in any letter case, as no text forbids to read them.
    pub fn parse_in_any_case<'a>(
        extension: &Extension<'a>,
    ) -> Result<Self, Vec<DeflateViolation<'a>>> {
        let read = Parameters::read(extension, empty_or_window, <[u8]>::eq_ignore_ascii_case);
        read.map(|read| Self::of(&read))
    }

    fn of(parameters: &Parameters) -> Self {
        Self {
            server_no_context_takeover: parameters.has(SERVER_NO_CONTEXT_TAKEOVER),
            client_no_context_takeover: parameters.has(CLIENT_NO_CONTEXT_TAKEOVER),
            server_max_window_bits: parameters.window(SERVER_MAX_WINDOW_BITS),
            client_max_window_bits: match parameters.0[CLIENT_MAX_WINDOW_BITS] {
                None => ClientWindow::Absent,
                Some(None) => ClientWindow::Any,
                Some(Some(bits)) => ClientWindow::AtMost(bits),
            },
        }
    }
}

/// Whether a name is one of the four in other letters. Whether names compare with case no text says.
pub fn is_known_in_other_case(name: &[u8]) -> bool {
    let mut names = NAMES.iter().map(|known| known.as_bytes());
    names.any(|known| known != name && known.eq_ignore_ascii_case(name))
}

impl Answer {
    /// Reads the parameters of an answer. A client fails the connection on a violation.
    pub fn parse<'a>(extension: &Extension<'a>) -> Result<Self, Vec<DeflateViolation<'a>>> {
        let parameters = Parameters::read(extension, window, <[u8]>::eq)?;
        Ok(Self {
            server_no_context_takeover: parameters.has(SERVER_NO_CONTEXT_TAKEOVER),
            client_no_context_takeover: parameters.has(CLIENT_NO_CONTEXT_TAKEOVER),
            server_max_window_bits: parameters.window(SERVER_MAX_WINDOW_BITS),
            client_max_window_bits: parameters.window(CLIENT_MAX_WINDOW_BITS),
        })
    }

    /// Where this answer does not fit an offer.
    pub fn misfits(&self, offer: &Offer) -> Vec<Misfit> {
        let mut misfits = Vec::new();
        if offer.server_no_context_takeover && !self.server_no_context_takeover {
            misfits.push(Misfit::ServerContextTakeover);
        }
        match (offer.server_max_window_bits, self.server_max_window_bits) {
            (Some(most), None) => misfits.push(Misfit::ServerWindowMissing(most)),
            (Some(most), Some(bits)) if bits > most => misfits.push(Misfit::ServerWindowLarger),
            _ => {}
        }
        match (offer.client_max_window_bits, self.client_max_window_bits) {
            (ClientWindow::Absent, Some(_)) => misfits.push(Misfit::ClientWindowNotOffered),
            (ClientWindow::AtMost(most), Some(bits)) if bits > most => {
                misfits.push(Misfit::ClientWindowLarger);
            }
            _ => {}
        }
        misfits
    }
}

/// Whether an answer fits one of the offers: its misfits with that offer, if any, are lawful.
pub fn fits<'o>(answer: &Answer, offers: impl IntoIterator<Item = &'o Offer>) -> bool {
    offers.into_iter().any(|offer| answer.misfits(offer).into_iter().all(Misfit::is_lawful))
}

/// The parameters that are present, in the order of [`NAMES`]; each with its value.
struct Parameters([Option<Option<u8>>; 4]);

/// Reads the value of a parameter.
type ReadValue = fn(Option<&[u8]>) -> Result<Option<u8>, DeflateViolationKind>;

/// Compares two names.
type Compare = fn(&[u8], &[u8]) -> bool;

impl Parameters {
    fn read<'a>(
        extension: &Extension<'a>,
        client_window: ReadValue,
        is_same: Compare,
    ) -> Result<Self, Vec<DeflateViolation<'a>>> {
        let readers: [ReadValue; 4] = [empty, empty, window, client_window];
        let mut found = Self([None; 4]);
        let mut violations = Vec::new();
        for parameter in &extension.parameters {
            if let Err(kind) = found.add(parameter, &readers, is_same) {
                violations.push(DeflateViolation { parameter: parameter.name, kind });
            }
        }
        if violations.is_empty() { Ok(found) } else { Err(violations) }
    }

    fn add(
        &mut self,
        parameter: &Parameter<'_>,
        readers: &[ReadValue; 4],
        is_same: Compare,
    ) -> Result<(), DeflateViolationKind> {
        let index = NAMES.iter().position(|name| is_same(name.as_bytes(), parameter.name));
        let index = index.ok_or(DeflateViolationKind::Unknown)?;
        if self.0[index].is_some() {
            return Err(DeflateViolationKind::Repeated);
        }
        // A name whose value is wrong has still been there.
        self.0[index] = Some(None);
        self.0[index] = Some(readers[index](parameter.value.as_deref())?);
        Ok(())
    }

    fn has(&self, index: usize) -> bool {
        self.0[index].is_some()
    }

    fn window(&self, index: usize) -> Option<u8> {
        self.0[index].flatten()
    }
}

fn empty(value: Option<&[u8]>) -> Result<Option<u8>, DeflateViolationKind> {
    match value {
        None => Ok(None),
        Some(_) => Err(DeflateViolationKind::ValueUnexpected),
    }
}

/// `max-window-bits = 1*DIGIT`, 8 to 15 without leading zeros (RFC 7692 7.1.2).
fn window(value: Option<&[u8]>) -> Result<Option<u8>, DeflateViolationKind> {
    match value {
        None => Err(DeflateViolationKind::ValueMissing),
        Some(digits) if !digits.iter().all(u8::is_ascii_digit) => {
            Err(DeflateViolationKind::NotDigits)
        }
        Some([b'0', _, ..]) => Err(DeflateViolationKind::LeadingZero),
        Some([digit @ b'8'..=b'9']) => Ok(Some(digit - b'0')),
        Some([b'1', digit @ b'0'..=b'5']) => Ok(Some(10 + digit - b'0')),
        Some(_) => Err(DeflateViolationKind::OutOfRange),
    }
}

fn empty_or_window(value: Option<&[u8]>) -> Result<Option<u8>, DeflateViolationKind> {
    if value.is_some() { window(value) } else { Ok(None) }
}

/// The registered name of the extension.
pub const PERMESSAGE_DEFLATE: &str = "permessage-deflate";

const NAMES: [&str; 4] = [
    "server_no_context_takeover",
    "client_no_context_takeover",
    "server_max_window_bits",
    "client_max_window_bits",
];
const SERVER_NO_CONTEXT_TAKEOVER: usize = 0;
const CLIENT_NO_CONTEXT_TAKEOVER: usize = 1;
const SERVER_MAX_WINDOW_BITS: usize = 2;
const CLIENT_MAX_WINDOW_BITS: usize = 3;

#[cfg(test)]
mod tests;
