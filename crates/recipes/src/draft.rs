//! A request in parts, and what each edit does to it.
//! An edit that finds nothing to change changes nothing.

use upspec_corpus::case::Over;
use upspec_corpus::template::Binding;

use crate::edit::Edit;
use crate::list;
use crate::text::{Text, Unit};
use crate::words::{
    Ahead, Base, Blank, Body, End, Field, Inside, Lines, Odd, Pace, Part, Place, Spot,
};

/// A request in parts.
pub(crate) struct Draft {
    pub(crate) lead: Text,
    /// Method, target and version.
    pub(crate) words: [Text; 3],
    /// The white space before target and version.
    pub(crate) gaps: [Text; 2],
    pub(crate) request_end: Text,
    pub(crate) lines: Vec<Line>,
    pub(crate) empty_line: Text,
    pub(crate) body: Text,
    pub(crate) after: Text,
    pub(crate) cuts: Vec<u16>,
    /// The requests before it, each with when the next one follows.
    pub(crate) ahead: Vec<(Ahead, Pace)>,
    /// What goes into the tunnel.
    pub(crate) then: Text,
    /// The frames of HTTP/2 in the tunnel, before that.
    pub(crate) inside: Vec<Inside>,
    /// After how many units the request and our side end.
    pub(crate) stop: Option<u16>,
    /// The frames of HTTP/2 before it.
    pub(crate) odd: Vec<Odd>,
    /// Over how many CONTINUATION frames its header block goes on.
    pub(crate) continuations: u16,
    over: Over,
}

/// A line of the field section; a line that is not a field line is all name.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) field: Option<Field>,
    pub(crate) name: Text,
    /// The colon and the white space around it.
    pub(crate) colon: Text,
    pub(crate) value: Text,
    pub(crate) tail: Text,
    pub(crate) end: Text,
}

impl Draft {
    /// A base as it is.
    pub(crate) fn of(base: Base) -> Self {
        let over = base.over();
        let lines = base_lines(base).into_iter().map(|(field, name, value)| {
            let value = Text::parse(value).unwrap_or_default();
            Line::new(field, Text::octets(&spelt(name, over)), value)
        });
        let mut lines: Vec<Line> = lines.collect();
        // Whatever an edit does, what the target wants on every request stays on it.
        let pseudo = |line: &Line| line.field.is_some_and(Field::is_pseudo);
        let before = lines.iter().filter(|line| pseudo(line)).count().max(1);
        lines.insert(before, Line::standing());
        let target = if base == Base::Root { Text::from("/") } else { bound(Binding::Path) };
        Self {
            lead: Text::default(),
            words: [Text::from("GET"), target, Text::from("HTTP/1.1")],
            gaps: [Text::from(" "), Text::from(" ")],
            request_end: Text::from("\r\n"),
            lines,
            empty_line: Text::from("\r\n"),
            body: Text::default(),
            after: Text::default(),
            cuts: Vec::new(),
            ahead: Vec::new(),
            then: Text::default(),
            inside: Vec::new(),
            stop: None,
            odd: Vec::new(),
            continuations: 0,
            over,
        }
    }

    /// Changes what the edit says.
    pub(crate) fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Add(place, text) => {
                let line = Line::raw(text.clone(), "\r\n");
                self.put_line(*place, line);
            }
            Edit::After(octets) => self.after.append(octets),
            Edit::Ahead(ahead, pace) => self.ahead.push((*ahead, *pace)),
            Edit::Body(body) => self.add_body(*body),
            Edit::Case(field, letters) => self.each(*field, |line| line.value.recase(*letters)),
            Edit::Continue(frames) => self.continuations = (*frames).min(MOST_CONTINUATIONS),
            Edit::Cut(units) => self.cuts.push(*units),
            Edit::Drop(field) => self.lines.retain(|line| line.field != Some(*field)),
            Edit::End(lines, end) => self.end(*lines, &end_of_line(*end)),
            Edit::Fold(field, place) => {
                self.each(*field, |line| {
                    line.value.insert(*place, &Text::from("\r\n "));
                });
            }
            Edit::Frame(odd) => self.odd.push(*odd),
            Edit::Gap(part, blank) => self.gap(*part, white(*blank)),
            Edit::Inside(inside) => self.inside.push(*inside),
            Edit::Lead(octets) => self.lead.append(octets),
            Edit::Move(field, place) => self.relocate(*field, *place),
            Edit::Name(field, letters) => self.each(*field, |line| line.name.recase(*letters)),
            Edit::Put(field, place, octets) => {
                self.each(*field, |line| line.value.insert(*place, octets));
            }
            Edit::Repeat(field) => self.repeat(*field),
            Edit::Request(part, word) => self.words[*part as usize] = word.clone(),
            Edit::Set(field, value) => self.set(*field, value),
            Edit::Space(field, spot, blank) => {
                self.each(*field, |line| line.space(*spot, *blank));
            }
            Edit::Spell(field, place, octets) => {
                self.each(*field, |line| line.name.insert(*place, octets));
            }
            Edit::Double(field, place) => self.list(*field, |list| list::double(list, *place)),
            Edit::Insert(field, place, element) => {
                self.list(*field, |list| list::insert(list, *place, element));
            }
            Edit::Remove(field, place) => self.list(*field, |list| list::remove(list, *place)),
            Edit::Join(field) => self.join(*field),
            Edit::Split(field) => self.split(*field),
            Edit::Stop(units) => self.stop = Some(*units),
            Edit::Then(octets) => self.then.append(octets),
        }
    }

    /// Puts a tag behind the path of the target, or at its end where it has none.
    pub(crate) fn tag(&mut self) {
        let target = &mut self.words[Part::Target as usize].0;
        let path = target.iter().position(|unit| *unit == Unit::Binding(Binding::Path));
        target.insert(path.map_or(target.len(), |at| at + 1), Unit::Binding(Binding::Tag));
    }

    fn each(&mut self, field: Field, change: impl Fn(&mut Line)) {
        let lines = self.lines.iter_mut();
        lines.filter(|line| line.field == Some(field)).for_each(change);
    }

    fn first(&self, field: Field) -> Option<usize> {
        self.lines.iter().position(|line| line.field == Some(field))
    }

    /// Changes the first line of a field as a list.
    fn list(&mut self, field: Field, change: impl Fn(&mut Vec<Text>)) {
        if let Some(at) = self.first(field) {
            let value = &mut self.lines[at].value;
            let mut elements = list::elements(value);
            change(&mut elements);
            *value = list::joined(&elements);
        }
    }

    fn put_line(&mut self, place: Place, line: Line) {
        let at = match place {
            Place::First => 0,
            Place::Middle => self.lines.len() / 2,
            Place::Last => self.lines.len(),
        };
        self.lines.insert(at, line);
    }

    fn relocate(&mut self, field: Field, place: Place) {
        if let Some(at) = self.first(field) {
            let line = self.lines.remove(at);
            self.put_line(place, line);
        }
    }

    fn repeat(&mut self, field: Field) {
        if let Some(at) = self.first(field) {
            let line = self.lines[at].clone();
            self.lines.insert(at + 1, line);
        }
    }

    fn set(&mut self, field: Field, value: &Text) {
        match self.first(field) {
            Some(at) => self.lines[at].value = value.clone(),
            None => self.add(field, value.clone()),
        }
    }

    /// A further line: a pseudo-header field goes before the regular ones.
    fn add(&mut self, field: Field, value: Text) {
        let line = Line::new(Some(field), Text::octets(&spelt(name(field), self.over)), value);
        let at = if field.is_pseudo() { 0 } else { self.lines.len() };
        self.lines.insert(at, line);
    }

    fn join(&mut self, field: Field) {
        let values = self
            .lines
            .iter()
            .filter(|line| line.field == Some(field))
            .map(|line| line.value.clone());
        let joined = list::joined(&values.collect::<Vec<_>>());
        if let Some(at) = self.first(field) {
            let mut line = self.lines[at].clone();
            line.value = joined;
            self.lines.retain(|line| line.field != Some(field));
            self.lines.insert(at, line);
        }
    }

    fn split(&mut self, field: Field) {
        if let Some(at) = self.first(field) {
            let line = self.lines.remove(at);
            let elements = list::elements(&line.value).into_iter();
            let lines = elements.map(|value| Line { value, ..line.clone() });
            self.lines.splice(at..at, lines);
        }
    }

    fn gap(&mut self, part: Part, blank: Text) {
        match part {
            Part::Method => self.lead.append(&blank),
            Part::Target => self.gaps[0] = blank,
            Part::Protocol => self.gaps[1] = blank,
        }
    }

    fn end(&mut self, lines: Lines, end: &Text) {
        if matches!(lines, Lines::Request | Lines::All) {
            self.request_end = end.clone();
        }
        if matches!(lines, Lines::Fields | Lines::All) {
            let own = self.lines.iter_mut().filter(|line| !line.is_standing());
            own.for_each(|line| line.end = end.clone());
        }
        if matches!(lines, Lines::Empty | Lines::All) {
            self.empty_line = end.clone();
        }
    }

    fn add_body(&mut self, body: Body) {
        let (lines, octets) = framed(body);
        for (field, value) in lines {
            self.add(*field, Text::from(*value));
        }
        self.body = Text::parse(octets).unwrap_or_default();
    }
}

impl Line {
    fn new(field: Option<Field>, name: Text, value: Text) -> Self {
        Self {
            field,
            name,
            colon: Text::from(": "),
            value,
            tail: Text::default(),
            end: Text::from("\r\n"),
        }
    }

    /// A line that is all name.
    fn raw(text: Text, end: &str) -> Self {
        Self {
            colon: Text::default(),
            end: Text::from(end),
            ..Self::new(None, text, Text::default())
        }
    }

    /// The lines that the target wants on every request, with their line ends.
    fn standing() -> Self {
        Self::raw(bound(Binding::Standing), "")
    }

    pub(crate) fn is_standing(&self) -> bool {
        self.name.0 == [Unit::Binding(Binding::Standing)]
    }

    fn space(&mut self, spot: Spot, blank: Blank) {
        let white = white(blank);
        match spot {
            Spot::Before => {
                self.colon = Text::from(":");
                self.colon.append(&white);
            }
            Spot::After => self.tail = white,
            Spot::Colon => self.colon.insert(Place::First, &white),
            Spot::Commas => self.value = list::spaced(&self.value, b',', &white),
            Spot::Semicolons => self.value = list::spaced(&self.value, b';', &white),
            Spot::Equals => self.value = list::spaced(&self.value, b'=', &white),
        }
    }
}

fn bound(binding: Binding) -> Text {
    Text(vec![Unit::Binding(binding)])
}

pub(crate) fn white(blank: Blank) -> Text {
    Text::from(match blank {
        Blank::None => "",
        Blank::Space => " ",
        Blank::Tab => "\t",
        Blank::Spaces => "  ",
        Blank::Mixed => " \t ",
    })
}

pub(crate) fn end_of_line(end: End) -> Text {
    Text::from(match end {
        End::Crlf => "\r\n",
        End::Lf => "\n",
        End::Cr => "\r",
        End::Crcrlf => "\r\r\n",
    })
}

/// The name of a field as browsers write it.
pub(crate) fn name(field: Field) -> &'static str {
    match field {
        Field::Host => "Host",
        Field::Upgrade => "Upgrade",
        Field::Connection => "Connection",
        Field::Key => "Sec-WebSocket-Key",
        Field::Version => "Sec-WebSocket-Version",
        Field::Protocol => "Sec-WebSocket-Protocol",
        Field::Extensions => "Sec-WebSocket-Extensions",
        Field::Origin => "Origin",
        Field::Length => "Content-Length",
        Field::Coding => "Transfer-Encoding",
        Field::Method => ":method",
        Field::Wish => ":protocol",
        Field::Scheme => ":scheme",
        Field::Authority => ":authority",
        Field::Path => ":path",
    }
}

/// A name as it is spelt in HTTP/1.1 or HTTP/2 (RFC 9113, section 8.2).
fn spelt(name: &str, over: Over) -> Vec<u8> {
    match over {
        Over::Http1 => name.as_bytes().to_vec(),
        Over::Http2 => name.to_ascii_lowercase().into_bytes(),
    }
}

/// The most CONTINUATION frames of a header block; a server may take many for a flood.
const MOST_CONTINUATIONS: u16 = 8;

type BaseLine = (Option<Field>, &'static str, &'static str);

fn base_lines(base: Base) -> Vec<BaseLine> {
    let own = |field, value| (Some(field), name(field), value);
    if base.over() == Over::Http2 {
        return http2_lines(base);
    }
    let mut lines = vec![own(Field::Host, "{authority}")];
    if matches!(base, Base::Plain | Base::Root) {
        return lines;
    }
    if base == Base::Browser {
        lines.push((None, "User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"));
        lines.push((None, "Accept", "*/*"));
        lines.push((None, "Accept-Language", "en-GB,en;q=0.5"));
    }
    lines.push(own(Field::Upgrade, "websocket"));
    lines.push(own(Field::Connection, "Upgrade"));
    lines.push(own(Field::Key, "{key}"));
    lines.push(own(Field::Version, "13"));
    if matches!(base, Base::Subprotocols | Base::Browser) {
        lines.push(own(Field::Protocol, "chat, superchat, x-none"));
    }
    if matches!(base, Base::Extensions | Base::Browser) {
        let offer = "permessage-deflate; client_max_window_bits, x-none; a=1";
        lines.push(own(Field::Extensions, offer));
    }
    if base == Base::Browser {
        lines.push((None, "Cache-Control", "no-cache"));
    }
    lines
}

fn http2_lines(base: Base) -> Vec<BaseLine> {
    let own = |field, value| (Some(field), name(field), value);
    let target = [own(Field::Scheme, "{scheme}"), own(Field::Authority, "{authority}")];
    if base == Base::Get {
        let mut lines = vec![own(Field::Method, "GET")];
        lines.extend(target);
        lines.push(own(Field::Path, "/"));
        return lines;
    }
    let mut lines = vec![own(Field::Method, "CONNECT"), own(Field::Wish, "websocket")];
    lines.extend(target);
    lines.push(own(Field::Path, "{path}"));
    lines.push(own(Field::Version, "13"));
    if base == Base::ConnectSubprotocols {
        lines.push(own(Field::Protocol, "chat, superchat, x-none"));
    }
    if matches!(base, Base::ConnectExtensions | Base::ConnectBrowser) {
        lines.push(own(Field::Extensions, "permessage-deflate; client_max_window_bits"));
    }
    if base == Base::ConnectBrowser {
        lines.push((None, "User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"));
        lines.push((None, "Accept-Encoding", "gzip, deflate, br, zstd"));
        lines.push((None, "Accept-Language", "en-GB,en;q=0.5"));
        lines.push((None, "Cookie", "a=b; c=d"));
        lines.push((None, "Sec-Fetch-Mode", "websocket"));
        lines.push((None, "Priority", "u=4, i"));
        lines.push((None, "Cache-Control", "no-cache"));
    }
    lines
}

/// The lines that frame a body, and the body, as a template.
fn framed(body: Body) -> (&'static [(Field, &'static str)], &'static str) {
    use Field::{Coding, Length};
    match body {
        Body::Empty => (&[(Length, "0")], ""),
        Body::Length => (&[(Length, "5")], "hello"),
        Body::Chunked => (&[(Coding, "chunked")], r"5\r\nhello\r\n0\r\n\r\n"),
        Body::ChunkExtension => (&[(Coding, "chunked")], r#"5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n"#),
        Body::Trailer => (&[(Coding, "chunked")], r"5\r\nhello\r\n0\r\nX-Trailer: a\r\n\r\n"),
        Body::SameLengths => (&[(Length, "5"), (Length, "5")], "hello"),
        Body::TwoLengths => (&[(Length, "5"), (Length, "6")], "hello!"),
        Body::BadLength => (&[(Length, "+5")], "hello"),
        Body::Both => (&[(Length, "15"), (Coding, "chunked")], r"5\r\nhello\r\n0\r\n\r\n"),
        Body::OtherCoding => (&[(Coding, "gzip")], "hello"),
        Body::Smuggled => {
            (&[(Length, "0")], r"GET {path} HTTP/1.1\r\nHost: {authority}\r\n{standing}\r\n")
        }
    }
}
