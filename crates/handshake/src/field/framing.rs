//! Tells from a message's head where its body ends: RFC 9112 section 6.

use super::list::elements_of;
use super::parameter::{Parameter, segments};
use super::token::is_token;
use crate::head::{Fields, RequestHead, ResponseHead, Version};

/// How the body of a message is delimited (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// There is no body.
    None,
    /// The body has this many octets, perhaps none.
    Length(u64),
    /// The body is in chunks.
    Chunked,
    /// The body ends with the connection. Only responses allow this.
    UntilClose,
    /// It cannot be told: a server answers 400 and closes, a client closes.
    Invalid,
}

impl Framing {
    /// The framing of a request.
    ///
    /// A Transfer-Encoding beats a Content-Length; in an HTTP/1.0 message it makes the framing
    /// faulty (RFC 9112 6.1).
    pub fn of_request(head: &RequestHead<'_>) -> Self {
        match declared(&head.fields, head.version) {
            Declared::Nothing => Self::None,
            Declared::Length(octets) => Self::Length(octets),
            Declared::Chunked => Self::Chunked,
            Declared::OtherCoding | Declared::Invalid => Self::Invalid,
        }
    }

    /// The framing of a response to a request with this method.
    pub fn of_response(head: &ResponseHead<'_>, method: &[u8]) -> Self {
        let connected = method == b"CONNECT" && matches!(head.status, Some(200..=299));
        let bodiless = matches!(head.status, Some(100..=199 | 204 | 304)) || method == b"HEAD";
        if connected || bodiless {
            return Self::None;
        }
        match declared(&head.fields, head.version) {
            Declared::Nothing | Declared::OtherCoding => Self::UntilClose,
            Declared::Length(octets) => Self::Length(octets),
            Declared::Chunked => Self::Chunked,
            Declared::Invalid => Self::Invalid,
        }
    }
}

/// What the Content-Length lines of a message say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentLength {
    /// There is no line.
    Absent,
    /// This many octets.
    Octets(u64),
    /// Not a number, a number of more than 64 bits, or different numbers.
    Invalid,
}

/// What the Transfer-Encoding lines of a message say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransferEncoding {
    /// There is no line.
    Absent,
    /// Only the last coding is chunked.
    Chunked,
    /// The last coding is missing or not chunked.
    Other,
    /// A coding is malformed, or chunked has a parameter or stands before another coding.
    Invalid,
}

/// `Content-Length = 1*DIGIT` (RFC 9110 8.6).
///
/// A list of equal numbers counts as one number, as RFC 9112 6.3 allows.
pub fn content_length<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> ContentLength {
    let mut result = ContentLength::Absent;
    for value in values {
        // A line without a number does not count as absent: it is wrong.
        if elements_of([value]).next().is_none() {
            return ContentLength::Invalid;
        }
        for element in elements_of([value]) {
            match (number(element), result) {
                (Some(octets), ContentLength::Absent) => result = ContentLength::Octets(octets),
                (Some(octets), ContentLength::Octets(before)) if octets == before => {}
                _ => return ContentLength::Invalid,
            }
        }
    }
    result
}

/// ```text
/// Transfer-Encoding  = #transfer-coding                               RFC 9112 6.1
/// transfer-coding    = token *( OWS ";" OWS transfer-parameter )
/// transfer-parameter = token BWS "=" BWS ( token / quoted-string )    RFC 9110 10.1.4
/// ```
pub fn transfer_encoding<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> TransferEncoding {
    let mut values = values.into_iter().peekable();
    if values.peek().is_none() {
        return TransferEncoding::Absent;
    }
    let mut result = TransferEncoding::Other;
    for element in elements_of(values) {
        result = match (coding(element), result) {
            // Chunked comes last, and once (RFC 9112 6.1).
            (Some(_), TransferEncoding::Chunked) | (None, _) => return TransferEncoding::Invalid,
            (Some(Coding::Chunked), _) => TransferEncoding::Chunked,
            (Some(Coding::Other), _) => TransferEncoding::Other,
        };
    }
    result
}

/// Whether chunked is the last coding by its name, whatever is wrong with how it is spelled and with those before it.
pub fn ends_in_chunked<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let name = |element: &'a [u8]| segments(element).next().map(|segment| segment.bytes);
    let last = elements_of(values).last().and_then(name);
    last.is_some_and(|name| name.eq_ignore_ascii_case(b"chunked"))
}

enum Declared {
    Nothing,
    Length(u64),
    Chunked,
    OtherCoding,
    Invalid,
}

fn declared(fields: &Fields<'_>, version: Option<Version>) -> Declared {
    if !fields.contains("Transfer-Encoding") && !fields.contains("Content-Length") {
        return Declared::Nothing;
    }
    let is_old = version.is_some_and(|version| version < Version::HTTP_11);
    match transfer_encoding(fields.values("Transfer-Encoding")) {
        TransferEncoding::Absent => match content_length(fields.values("Content-Length")) {
            ContentLength::Absent => Declared::Nothing,
            ContentLength::Octets(octets) => Declared::Length(octets),
            ContentLength::Invalid => Declared::Invalid,
        },
        _ if is_old => Declared::Invalid,
        TransferEncoding::Chunked => Declared::Chunked,
        TransferEncoding::Other => Declared::OtherCoding,
        TransferEncoding::Invalid => Declared::Invalid,
    }
}

enum Coding {
    Chunked,
    Other,
}

fn coding(element: &[u8]) -> Option<Coding> {
    let mut segments = segments(element).map(|segment| segment.bytes);
    let name = segments.next().filter(|name| is_token(name))?;
    let mut parameters = 0;
    for segment in segments {
        Parameter::parse(segment).ok()?.value?;
        parameters += 1;
    }
    match (name.eq_ignore_ascii_case(b"chunked"), parameters) {
        (true, 0) => Some(Coding::Chunked),
        (true, _) => None,
        (false, _) => Some(Coding::Other),
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |number, octet| {
        let digit = octet.is_ascii_digit().then(|| u64::from(octet - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::Framing::{self, Chunked, Invalid, Length, None, UntilClose};
    use crate::head::{RequestHead, ResponseHead};

    #[test]
    fn rfc9112_6_3_fields() {
        let rows = [
            ("", None, UntilClose),
            ("Content-Length: 5", Length(5), Length(5)),
            ("Content-Length: 0", Length(0), Length(0)),
            ("Content-Length: 5, 5\r\ncontent-length: 5", Length(5), Length(5)),
            ("Content-Length: 5\r\nContent-Length: 6", Invalid, Invalid),
            ("Content-Length:", Invalid, Invalid),
            ("Content-Length: 5\r\nContent-Length:", Invalid, Invalid),
            ("Content-Length: +5", Invalid, Invalid),
            ("Content-Length: 5 5", Invalid, Invalid),
            ("Content-Length: 0x5", Invalid, Invalid),
            ("Content-Length: 18446744073709551615", Length(u64::MAX), Length(u64::MAX)),
            ("Content-Length: 18446744073709551616", Invalid, Invalid),
            ("Transfer-Encoding: chunked", Chunked, Chunked),
            ("Transfer-Encoding: gzip;q=\"1\", CHUNKED\r\nContent-Length: 5", Chunked, Chunked),
            ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", Chunked, Chunked),
            ("Transfer-Encoding: gzip", Invalid, UntilClose),
            ("Transfer-Encoding:", Invalid, UntilClose),
            ("Transfer-Encoding: chunked, gzip", Invalid, Invalid),
            ("Transfer-Encoding: chunked, chunked", Invalid, Invalid),
            ("Transfer-Encoding: chunked;a=b", Invalid, Invalid),
            ("Transfer-Encoding: chun ked", Invalid, Invalid),
            ("Transfer-Encoding: gzip;a, chunked", Invalid, Invalid),
        ];
        for (fields, of_request, of_response) in rows {
            let fields = if fields.is_empty() { String::new() } else { format!("{fields}\r\n") };
            let request = format!("POST / HTTP/1.1\r\n{fields}\r\n");
            let request = RequestHead::parse(request.as_bytes()).complete().unwrap();
            assert_eq!(Framing::of_request(&request), of_request, "{fields}");
            let response = format!("HTTP/1.1 200 \r\n{fields}\r\n");
            let response = ResponseHead::parse(response.as_bytes()).complete().unwrap();
            assert_eq!(Framing::of_response(&response, b"GET"), of_response, "{fields}");
        }
    }

    #[test]
    fn rfc9112_6_3_messages_without_a_body() {
        let rows = [
            ("101", "GET", None),
            ("204", "GET", None),
            ("304", "GET", None),
            ("200", "HEAD", None),
            ("200", "CONNECT", None),
            ("404", "CONNECT", Length(5)),
            ("426", "GET", Length(5)),
        ];
        for (status, method, want) in rows {
            let bytes = format!("HTTP/1.1 {status} \r\nContent-Length: 5\r\n\r\n");
            let head = ResponseHead::parse(bytes.as_bytes()).complete().unwrap();
            assert_eq!(Framing::of_response(&head, method.as_bytes()), want, "{status} {method}");
        }
    }

    #[test]
    fn rfc9112_6_1_transfer_encoding_in_http_1_0_is_faulty() {
        let bytes = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n";
        let head = RequestHead::parse(bytes).complete().unwrap();
        assert_eq!(Framing::of_request(&head), Invalid);
    }
}
