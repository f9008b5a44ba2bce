//! What a case writes first, as an input for other programs.

use crate::Bindings;
use crate::act::Act;
use crate::case::Case;

impl Case {
    /// The octets that are written before anything is waited for, on the connection of the first of them. Nothing where
    /// they are more than `most`, or where nothing is written that can be told beforehand.
    #[must_use]
    pub fn first_octets(&self, bindings: &Bindings, most: usize) -> Option<Vec<u8>> {
        let mut octets = Vec::new();
        let mut link = None;
        for step in &self.steps {
            let (times, template) = match &step.act {
                Act::Send(template) | Act::SendBytewise(template) => (1, template),
                Act::Repeat { times, bytes } => (*times, bytes),
                Act::Grow { from, bytes, .. } => (*from, bytes),
                Act::H2(frames) if link.is_none_or(|link| link == step.at) => {
                    link = Some(step.at);
                    frames.render_into(&mut octets, bindings);
                    continue;
                }
                // A pause parts the writes and no more.
                Act::Wait(_) | Act::PauseReading(_) => continue,
                // What is waited for before the first octet is what they answer.
                _ if octets.is_empty() => continue,
                _ => break,
            };
            if link.is_some_and(|link| link != step.at) {
                break;
            }
            link = Some(step.at);
            for _ in 0..times {
                template.render_into(&mut octets, bindings);
                if octets.len() > most {
                    return None;
                }
            }
        }
        (1..=most).contains(&octets.len()).then_some(octets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Corpus;

    #[test]
    fn a_case_writes_a_request_or_an_answer_first() {
        let corpus = Corpus::embedded().unwrap();
        let first = |id: &str| {
            let case = corpus.case(id).unwrap();
            case.first_octets(&Bindings::example(), 64 << 10).unwrap()
        };
        for id in ["server/key/fifteen-bytes", "server/control/handshake"] {
            let octets = first(id);
            assert!(octets.starts_with(b"GET ") && octets.ends_with(b"\r\n\r\n"), "{id}");
        }
        assert!(first("server/control/http2").starts_with(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        assert!(first("client/control/handshake").starts_with(b"HTTP/1.1 101 "));
        let key = corpus.case("server/key/fifteen-bytes").unwrap();
        assert_eq!(key.first_octets(&Bindings::example(), 10), None);
    }
}
