//! What we write we read: frames of WebSocket, compressed messages, frames and header blocks of HTTP/2, heads and settings.
//! Whether any of it is lawful is not asked.

use arbitrary::{Arbitrary, Unstructured};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use upspec_handshake::deflate::{Deflater, within};
use upspec_handshake::field::http2_settings;
use upspec_handshake::field::key::{Key, accept};
use upspec_handshake::frame::{self, FrameHeader};
use upspec_handshake::h2::hpack::{Decoder, encode};
use upspec_handshake::h2::{
    Connection, ErrorCode, HeaderList, PREFACE, flag, frame as h2, setting, write,
};
use upspec_handshake::head::FieldLine;
use upspec_handshake::inflate::{Inflater, WindowCheck};
use upspec_handshake::{Party, RequestHead, Status};

use crate::planted;
use crate::seeds::Material;

/// Checks one input of the target `written`: the entropy that all is made of.
pub fn written(entropy: &[u8]) {
    let Ok(made) = Made::arbitrary(&mut Unstructured::new(entropy)) else { return };
    websocket(&made);
    deflated(&made);
    let settings: Vec<(u16, u32)> = made.settings.iter().copied().take(MOST).collect();
    let pairs = of_settings(&settings);
    assert_eq!(http2_settings(URL_SAFE_NO_PAD.encode(&pairs).as_bytes()), Some(settings.clone()));
    let list = list(&made);
    let block = list.block();
    let read = Decoder::new().decode(&block);
    let fields = list.fields.iter().map(|field| (field.name.clone(), field.value.clone()));
    match read {
        Ok(read) => assert_eq!(read, fields.collect::<Vec<_>>()),
        Err(why) => assert!(block.len() > 10_000, "{why:?}"),
    }
    connection(&made, &settings, &block);
    key(made.nonce);
    head(&made);
}

/// All that is written.
#[derive(Debug, Arbitrary)]
struct Made {
    opcode: u8,
    mask: Option<[u8; 4]>,
    nonce: [u8; 16],
    /// So many times the octets below: the writers treat long ones otherwise.
    times: u16,
    octets: Vec<u8>,
    window: u16,
    settings: Vec<(u16, u32)>,
    fields: Vec<(Vec<u8>, Vec<u8>)>,
    code: u32,
    increment: u32,
}

impl Made {
    fn long(&self) -> Vec<u8> {
        let times =
            LONGEST.min(self.octets.len() * usize::from(self.times)) / self.octets.len().max(1);
        self.octets.repeat(times.max(1))
    }
}

fn websocket(made: &Made) {
    let payload = made.long();
    let octets = frame::write(made.opcode, &payload, made.mask);
    let octets = planted::written(octets, payload.len());
    let Status::Complete(read) = frame::Frame::parse(&octets) else { panic!("a frame is whole") };
    assert_eq!((read.opcode, read.len), (made.opcode & 0xf, octets.len()));
    assert_eq!(read.payload.as_ref(), payload);
    assert_eq!(frame::Frame::parse(&octets[..octets.len() - 1]), Status::Partial);
    let _ = FrameHeader::parse(&octets[..1]);
    for violation in &read.violations {
        assert!(!violation.describe().is_empty() && violation.section().starts_with("rfc"));
    }
}

fn deflated(made: &Made) {
    let data = made.long();
    let mut both = (Deflater::default(), Inflater::new());
    for _ in 0..2 {
        let payload = both.0.message(&data);
        assert_eq!(both.1.message(&payload, data.len()).as_ref(), Ok(&data));
    }
    let window = 256 + usize::from(made.window) % 32_000;
    let mut small = Inflater::with_window(window);
    assert_eq!(small.window(), window);
    assert_eq!(small.message(&within(window, &data), data.len()).as_ref(), Ok(&data));
    let bits = 8 + (made.window % 8) as u8;
    let mut check = WindowCheck::new(bits);
    for _ in 0..2 {
        let small = within(1 << bits, &data);
        assert!(check.keeps(&small, data.len()), "{bits} bits");
    }
    let _ = WindowCheck::new(bits).keeps(&made.octets, LONGEST);
    // What is no message of anybody's ends all the same.
    let _ = Inflater::new().message(&made.octets, LONGEST);
    let _ = format!("{both:?}");
}

fn of_settings(settings: &[(u16, u32)]) -> Vec<u8> {
    write::settings(settings)[h2::FrameHeader::LEN..].to_vec()
}

fn list(made: &Made) -> HeaderList {
    let pairs = made.fields.iter().take(MOST);
    let mut list = HeaderList::new(pairs.map(|(name, value)| (name.clone(), value.clone())));
    list.push("x-long", made.long());
    list.push(":status", "200");
    list.with_status("101")
}

/// A whole connection of a client: every frame comes back as it was written.
fn connection(made: &Made, settings: &[(u16, u32)], block: &[u8]) {
    let (stream, data) = (1, made.long());
    let code = ErrorCode(made.code);
    assert_eq!(code.to_string().parse(), Ok(code), "a code has one spelling");
    let mut octets = PREFACE.to_vec();
    octets.extend(write::settings(settings));
    octets.extend(write::settings_ack());
    octets.extend(write::headers(stream, block, 0));
    octets.extend(write::data(stream, &data, flag::END_STREAM));
    octets.extend(write::ping(0, *b"upspec!!"));
    octets.extend(write::window_update(stream, made.increment));
    octets.extend(write::rst_stream(stream, code));
    octets.extend(write::goaway(stream, code, &made.octets));
    let frames: Vec<_> = h2::frames(&octets[PREFACE.len()..]).collect();
    let (again, rest) = h2::read(&octets[PREFACE.len()..]);
    assert_eq!((&frames, rest), (&again, octets.len() - PREFACE.len()));
    let sent: Vec<u8> = frames.iter().filter_map(h2::Frame::data).flatten().copied().collect();
    assert_eq!(sent, data);
    assert_eq!(frames.iter().find_map(h2::Frame::settings).as_deref(), Some(settings));
    let fragments = frames.iter().filter_map(h2::Frame::fragment).flatten().copied();
    assert_eq!(fragments.collect::<Vec<_>>(), block);
    assert!(frames.iter().any(|frame| frame.rst_stream() == Some(code)));
    assert!(frames.iter().any(|frame| frame.ping() == Some(*b"upspec!!")));
    assert!(frames.iter().any(|frame| frame.window_update().is_some()));
    let left = frames.iter().find_map(h2::Frame::goaway).expect("GOAWAY is written");
    assert_eq!((left.code, left.debug), (code, &made.octets[..]));
    let read = Connection::read(&octets, Party::Client);
    for id in 0..=setting::ENABLE_CONNECT_PROTOCOL {
        let last = settings.iter().rfind(|(own, _)| *own == id).map(|(_, value)| *value);
        assert_eq!(read.setting(id), last);
    }
    if let Some(stream) = read.stream(stream) {
        assert!(stream.is_over() || stream.data.len() <= data.len());
        assert!(stream.interim_heads().count() <= stream.heads.len());
    }
    let _ = (read.connection_error(), read.reader().rest_at(), read.reader().is_established());
}

fn key(nonce: [u8; 16]) {
    let key = Key::new(nonce);
    let spelled = STANDARD.encode(key.nonce());
    assert_eq!(Key::parse(spelled.as_bytes()), Ok(key));
    assert_eq!(accept(spelled.as_bytes()).len(), 28);
}

/// A request that is put together by hand has the octets that are read as it, in either version.
fn head(made: &Made) {
    let mut head = RequestHead::new(b"GET", b"/chat");
    let is_plain = |name: &[u8]| !name.is_empty() && name.iter().all(u8::is_ascii_alphanumeric);
    for (name, value) in made.fields.iter().filter(|(name, _)| is_plain(name)) {
        if value.iter().all(u8::is_ascii_graphic) {
            head.fields.push(FieldLine::new(name, &value[..]));
        }
    }
    let octets = head.octets();
    let read = RequestHead::parse(&octets).complete().expect("it has an end");
    assert_eq!((read.method, read.target, read.len), (head.method, head.target, octets.len()));
    assert_eq!(read.fields.len(), head.fields.len());
    assert_eq!(read.fields.is_empty(), head.fields.is_empty());
    let list = HeaderList::of_request(&read);
    let request = list.request();
    assert_eq!((request.method, request.target), (read.method, read.target));
    assert!(request.octets().len() <= octets.len() + 11);
    let block = encode(list.fields.iter().map(|field| (&field.name[..], &field.value[..])));
    assert_eq!(block, list.block());
}

pub(crate) fn seeds(_: &Material) -> Vec<Vec<u8>> {
    let entropy = |seed: u32, length: u32| {
        let octet = move |at: u32| {
            (seed.wrapping_mul(2_654_435_761).wrapping_add(at * at * seed) >> 7) as u8
        };
        (0..length).map(octet).collect()
    };
    (0..48).map(|seed| entropy(seed, 40 + 16 * seed)).collect()
}

/// Of settings and fields.
const MOST: usize = 20;
/// Longer than what a frame of either protocol takes at once.
const LONGEST: usize = 70_000;
