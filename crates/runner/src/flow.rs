//! Octets of a stream that leave in DATA frames as the peer's windows allow (RFC 9113 section 6.9).
//! How much room there is, `duties` says.

use upspec_corpus::Bindings;
use upspec_corpus::frames::Flow;
use upspec_handshake::h2::{MAX_FRAME, flag, kind, write};

/// The DATA of a `flow` step, as far as it has not left.
pub(crate) struct Outgoing {
    stream: u32,
    padding: Option<u8>,
    /// What is still to leave: in any pieces, or each of these in a frame of its own.
    rest: Vec<Vec<u8>>,
}

impl Outgoing {
    pub(crate) fn new(flow: &Flow, bindings: &Bindings) -> Self {
        let rounds = (0..flow.times).map(|_| flow.data.render(bindings));
        let mut rest: Vec<Vec<u8>> = match flow.padding {
            Some(_) => rounds.collect(),
            None => vec![rounds.flatten().collect()],
        };
        rest.reverse();
        Self { stream: bindings.stream_of(flow.stream), padding: flow.padding, rest }
    }

    /// Whether all has left.
    pub(crate) fn is_done(&self) -> bool {
        self.rest.is_empty()
    }

    /// The frames that have room now; they count as written.
    pub(crate) fn frames(&mut self, mut room: usize) -> Vec<u8> {
        let mut written = Vec::new();
        while let Some(mut next) = self.rest.pop() {
            let Some(padding) = self.padding else {
                let length = next.len().min(room).min(MAX_FRAME);
                let later = next.split_off(length);
                room -= length;
                if length > 0 {
                    written.extend(write::data(self.stream, &next, 0));
                }
                if !later.is_empty() {
                    self.rest.push(later);
                }
                if length == 0 {
                    break;
                }
                continue;
            };
            let payload = [&[padding][..], &next, &vec![0; padding.into()]].concat();
            if payload.len() > room {
                self.rest.push(next);
                break;
            }
            room -= payload.len();
            written.extend(write::frame(kind::DATA, flag::PADDED, self.stream, &payload));
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use upspec_corpus::template::Template;
    use upspec_handshake::h2::frame::frames;

    use super::*;

    /// The lengths of the frames that have room each time.
    fn lengths(padding: Option<u8>, times: u32, rooms: &[usize]) -> Vec<Vec<usize>> {
        let data = Template::parse("abcd").unwrap();
        let flow = Flow { data, times, padding, stream: 1 };
        let mut outgoing = Outgoing::new(&flow, &Bindings::example());
        let written = rooms.iter().map(|room| {
            let octets = outgoing.frames(*room);
            frames(&octets).map(|frame| frame.payload.len()).collect()
        });
        let lengths = written.collect();
        assert!(outgoing.is_done());
        lengths
    }

    #[test]
    fn frames_leave_as_there_is_room() {
        assert_eq!(lengths(None, 2, &[3, 0, 9]), [vec![3], vec![], vec![5]]);
        let all = lengths(None, 5000, &[17_000, 17_000]);
        assert_eq!(all, [vec![16_384, 616], vec![3000]]);
        assert_eq!(lengths(Some(10), 3, &[30, 14, 15]), [vec![15, 15], vec![], vec![15]]);
    }
}
