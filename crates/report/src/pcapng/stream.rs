//! One connection as TCP packets.

use etherparse::{PacketBuilder, TcpHeader};
use upspec_exchange::{Io, IoKind};
use upspec_handshake::Party;

/// A connection, and how far both sides have come.
pub(super) struct Stream {
    we: Party,
    number: u32,
    /// What each side sends next: client, server.
    next: [u32; 2],
    ended: [bool; 2],
    /// What is to be said beside the next packet.
    comment: String,
    is_open: bool,
}

/// A packet with its comment.
type Packet = (Vec<u8>, String);

impl Stream {
    /// The connection of this number, so that no two have one address.
    pub(super) fn new(number: u32, we: Party, comment: String) -> Self {
        Self { we, number, next: [0; 2], ended: [false; 2], comment, is_open: false }
    }

    /// What an event looks like on the network.
    pub(super) fn packets(&mut self, io: &Io) -> Vec<Packet> {
        let mut packets = if self.is_open { Vec::new() } else { self.open() };
        let peer = other(self.we);
        match io.kind {
            IoKind::Read => self.data(peer, &io.bytes, &mut packets),
            kind if kind.is_written() => self.data(self.we, &io.bytes, &mut packets),
            IoKind::ShutWrite => packets.extend(self.end(self.we, |header| header.fin = true)),
            IoKind::Closed => packets.extend(self.end(self.we, |header| header.fin = true)),
            IoKind::ReadEnd => packets.extend(self.end(peer, |header| header.fin = true)),
            IoKind::ReadEndUnclean => {
                self.say("the peer ended the stream without close_notify");
                packets.extend(self.end(peer, |header| header.fin = true));
            }
            IoKind::Reset | IoKind::WriteFailed => {
                packets.extend(self.end(peer, |header| header.rst = true));
                self.ended = [true; 2];
            }
            IoKind::TlsAlert => self.say("the peer sent a TLS alert"),
            IoKind::TlsBroken => self.say("the peer broke the TLS handshake"),
            IoKind::Deadline => self.say("nothing more came until the deadline"),
            IoKind::Decided => self.say("all that the case asks about had been seen"),
            IoKind::CapReached => self.say("more octets came than are kept"),
            IoKind::ReadUnkept => self.say("more octets came and were judged than are kept"),
            IoKind::WroteUnkept => self.say("more octets were sent than are kept"),
            _ => {}
        }
        packets
    }

    /// The three packets with which a connection begins.
    fn open(&mut self) -> Vec<Packet> {
        self.is_open = true;
        let mut packets = vec![self.packet(Party::Client, &[], |header| {
            header.syn = true;
            header.ack = false;
        })];
        self.next[0] = 1;
        packets.push(self.packet(Party::Server, &[], |header| header.syn = true));
        self.next[1] = 1;
        packets.push(self.packet(Party::Client, &[], |_| ()));
        packets
    }

    fn data(&mut self, from: Party, octets: &[u8], packets: &mut Vec<Packet>) {
        for segment in octets.chunks(SEGMENT) {
            packets.push(self.packet(from, segment, |header| header.psh = true));
            let sent = u32::try_from(segment.len()).unwrap_or_default();
            self.next[side(from)] = self.next[side(from)].wrapping_add(sent);
        }
    }

    /// The end of what a side sends, unless it has ended before.
    fn end(&mut self, from: Party, how: impl FnOnce(&mut TcpHeader)) -> Option<Packet> {
        if std::mem::replace(&mut self.ended[side(from)], true) {
            return None;
        }
        let packet = self.packet(from, &[], how);
        self.next[side(from)] = self.next[side(from)].wrapping_add(1);
        Some(packet)
    }

    fn packet(&mut self, from: Party, data: &[u8], how: impl FnOnce(&mut TcpHeader)) -> Packet {
        let port = FIRST_PORT + u16::try_from(self.number % PORTS).unwrap_or_default();
        // Addresses for documentation (RFC 5737).
        let host = u8::try_from(self.number / PORTS % 250 + 2).unwrap_or(2);
        let (client, server) = (([192, 0, 2, host], port), ([192, 0, 2, 1], HTTP));
        let (source, target) =
            if from == Party::Client { (client, server) } else { (server, client) };
        let mut header = TcpHeader::new(source.1, target.1, self.next[side(from)], u16::MAX);
        header.ack = true;
        how(&mut header);
        if header.ack {
            header.acknowledgment_number = self.next[side(other(from))];
        }
        let link = |address: [u8; 4]| [2, 0, address[0], address[1], address[2], address[3]];
        let packet = PacketBuilder::ethernet2(link(source.0), link(target.0))
            .ipv4(source.0, target.0, HOPS)
            .tcp_header(header);
        let mut octets = Vec::with_capacity(packet.size(data.len()));
        packet.write(&mut octets, data).expect("a segment fits into a packet, and a vector grows");
        (octets, std::mem::take(&mut self.comment))
    }

    fn say(&mut self, what: &str) {
        if !self.comment.is_empty() {
            self.comment.push_str("; ");
        }
        self.comment.push_str(what);
    }
}

fn side(party: Party) -> usize {
    usize::from(party == Party::Server)
}

fn other(party: Party) -> Party {
    if party == Party::Client { Party::Server } else { Party::Client }
}

/// As much as goes over Ethernet at once.
const SEGMENT: usize = 1460;
/// Wireshark knows by the port what to read.
const HTTP: u16 = 80;
const FIRST_PORT: u16 = 49152;
const PORTS: u32 = 16384;
const HOPS: u8 = 64;
