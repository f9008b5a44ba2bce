//! What a step of our origin writes in HTTP/1.1, as the frames that say the same on a stream of HTTP/2.

use upspec_handshake::field::framing::Framing;
use upspec_handshake::h2::{HeaderList, flag, write};
use upspec_handshake::{RequestHead, ResponseHead, Status, starts_like_http};

/// Answers to this request, and octets of a tunnel, as frames on its stream. A 101 is a 2xx to an extended CONNECT (RFC
/// 8441 5), which any other 2xx would be as well; to other requests there is none (RFC 9113 8.6).
pub(super) fn in_frames(octets: &[u8], stream: u32, asked: &RequestHead<'_>) -> Vec<u8> {
    let mut rest = octets;
    let mut out = Vec::new();
    while let (Status::Complete(true), Status::Complete(head)) =
        (starts_like_http(rest), ResponseHead::parse(rest))
    {
        let behind = &rest[head.len..];
        let list = HeaderList::of_response(&head);
        match head.status {
            Some(101) if !asked.is_extended_connect() => return out,
            Some(101) => {
                let mut list = list.with_status("200");
                list.fields.retain(|field| field.name != b"sec-websocket-accept");
                out.extend(write::headers(stream, &list.block(), 0));
                rest = behind;
                break;
            }
            Some(100..=199) => {
                out.extend(write::headers(stream, &list.block(), 0));
                rest = behind;
                continue;
            }
            _ => {}
        }
        let is_tunnel = asked.is_extended_connect() && matches!(head.status, Some(200..=299));
        let list = if is_tunnel { list.with_status("404") } else { list };
        out.extend(write::headers(stream, &list.block(), 0));
        let content = match Framing::of_response(&head, asked.method) {
            Framing::Length(length) => behind.get(..usize::try_from(length).unwrap_or(usize::MAX)),
            Framing::None => Some(&b""[..]),
            _ => None,
        };
        out.extend(write::data(stream, content.unwrap_or(behind), flag::END_STREAM));
        return out;
    }
    if !rest.is_empty() {
        out.extend(write::data(stream, rest, 0));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use upspec_handshake::Party;
    use upspec_handshake::h2::Connection;

    /// What is said on stream 1: statuses, octets, and whether it ends.
    fn said(octets: &str, method: &'static [u8], protocol: Option<&'static [u8]>) -> String {
        let asked = RequestHead { protocol, ..RequestHead::new(method, &b"/"[..]) };
        let frames = [write::settings(&[]), in_frames(octets.as_bytes(), 1, &asked)].concat();
        let read = Connection::read(&frames, Party::Server);
        let Some(stream) = read.stream(1) else {
            return "nothing".to_owned();
        };
        let statuses: Vec<_> =
            stream.heads.iter().map(|head| head.list.status().unwrap_or(0).to_string()).collect();
        let data = String::from_utf8_lossy(&stream.data);
        format!("{} {data} {}", statuses.join("+"), stream.ended.is_some())
    }

    #[test]
    fn rfc9113_8_1_an_answer_is_a_list_and_data() {
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        assert_eq!(said(ok, b"GET", None), "200 ok true");
        assert_eq!(said(&ok[..ok.len() - 2], b"HEAD", None), "200  true");
        let early = format!("HTTP/1.1 103 Early Hints\r\n\r\n{ok}");
        assert_eq!(said(&early, b"GET", None), "103+200 ok true");
        assert_eq!(said("octets", b"GET", None), " octets false");
    }

    #[test]
    fn rfc8441_5_a_101_is_a_2xx_to_an_extended_connect_alone() {
        let switch = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\nframe";
        assert_eq!(said(switch, b"CONNECT", Some(b"websocket")), "200 frame false");
        assert_eq!(said(switch, b"GET", None), "nothing");
        let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(said(ok, b"CONNECT", Some(b"websocket")), "404  true");
    }
}
