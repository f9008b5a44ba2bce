//! An answer in parts, and what each edit does to it.
//! An edit that finds nothing to change changes nothing.

use upspec_corpus::template::Binding;

use super::edit::{Edit, Value};
use super::words::{Field, Interim, Lines, Spot};
use crate::draft::{end_of_line, white};
use crate::list;
use crate::text::{Text, Unit};
use crate::words::{End, Place};

/// An answer in parts.
pub(super) struct Draft {
    pub(super) interim: Text,
    /// Version, status and reason.
    pub(super) words: [Text; 3],
    pub(super) status_end: Text,
    pub(super) lines: Vec<Line>,
    pub(super) empty_line: Text,
    pub(super) after: Text,
    pub(super) cuts: Vec<u16>,
    pub(super) stop: Option<u16>,
}

/// A line of the field section; a line that is not a field line is all name.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) field: Option<Field>,
    pub(super) name: Text,
    /// The colon and the white space around it.
    pub(super) colon: Text,
    pub(super) value: Text,
    pub(super) tail: Text,
    pub(super) end: Text,
}

impl Default for Draft {
    /// The answer that opens the connection.
    fn default() -> Self {
        let fields = [
            (Field::Upgrade, "websocket"),
            (Field::Connection, "Upgrade"),
            (Field::Accept, "{accept}"),
        ];
        let mut lines: Vec<Line> =
            fields.into_iter().map(|(field, value)| Line::of(field, value)).collect();
        lines.push(Line::chosen());
        Self {
            interim: Text::default(),
            words: ["HTTP/1.1", "101", "Switching Protocols"].map(Text::from),
            status_end: end_of_line(End::Crlf),
            lines,
            empty_line: end_of_line(End::Crlf),
            after: Text::default(),
            cuts: Vec::new(),
            stop: None,
        }
    }
}

impl Draft {
    /// Changes what the edit says.
    pub(super) fn apply(&mut self, edit: &Edit) {
        match edit {
            Edit::Add(place, Value(text)) => {
                let line = Line {
                    colon: Text::default(),
                    ..Line::new(None, text.clone(), Text::default())
                };
                self.put_line(*place, line);
            }
            Edit::After(Value(octets)) => self.after.append(octets),
            Edit::Also(field, place, Value(value)) => self.also(*field, *place, value),
            Edit::Case(field, letters) => self.each(*field, |line| line.value.recase(*letters)),
            Edit::Cut(units) => self.cuts.push(*units),
            Edit::Drop(field) => self.lines.retain(|line| line.field != Some(*field)),
            Edit::End(lines, end) => self.end(*lines, &end_of_line(*end)),
            Edit::Fold(field, place) => {
                self.each(*field, |line| line.value.insert(*place, &Text::from("\r\n ")));
            }
            Edit::Insert(field, place, Value(element)) => {
                self.each(*field, |line| {
                    let mut elements = list::elements(&line.value);
                    list::insert(&mut elements, *place, element);
                    line.value = list::joined(&elements);
                });
            }
            Edit::Interim(response) => self.interim.append(&before(*response)),
            Edit::Name(field, letters) => self.each(*field, |line| line.name.recase(*letters)),
            Edit::Put(field, place, Value(octets)) => {
                self.each(*field, |line| line.value.insert(*place, octets));
            }
            Edit::Repeat(field) => self.repeat(*field),
            Edit::Set(field, Value(value)) => self.set(*field, value),
            Edit::Space(field, spot, blank) => {
                self.each(*field, |line| line.space(*spot, &white(*blank)));
            }
            Edit::Spell(field, place, Value(octets)) => {
                self.each(*field, |line| line.name.insert(*place, octets));
            }
            Edit::Status(part, Value(word)) => self.words[*part as usize] = word.clone(),
            Edit::Stop(units) => self.stop = Some(*units),
        }
    }

    fn each(&mut self, field: Field, change: impl Fn(&mut Line)) {
        let lines = self.lines.iter_mut().filter(|line| line.field == Some(field));
        lines.for_each(|line| {
            line.spell_out();
            change(line);
        });
    }

    fn first(&self, field: Field) -> Option<usize> {
        self.lines.iter().position(|line| line.field == Some(field))
    }

    fn put_line(&mut self, place: Place, line: Line) {
        let at = match place {
            Place::First => 0,
            Place::Middle => self.lines.len() / 2,
            Place::Last => self.lines.len(),
        };
        self.lines.insert(at, line);
    }

    fn also(&mut self, field: Field, place: Place, value: &Text) {
        let line = Line { value: value.clone(), ..Line::of(field, "") };
        match (self.first(field), place) {
            (None, _) => self.lines.push(line),
            (Some(at), Place::First) => self.lines.insert(at, line),
            (Some(at), _) => self.lines.insert(at + 1, line),
        }
    }

    fn repeat(&mut self, field: Field) {
        if let Some(at) = self.first(field) {
            let line = self.lines[at].clone();
            self.lines.insert(at + 1, line);
        }
    }

    fn set(&mut self, field: Field, value: &Text) {
        if self.first(field).is_none() {
            self.lines.push(Line::of(field, ""));
        }
        self.each(field, |line| line.value = value.clone());
    }

    fn end(&mut self, lines: Lines, end: &Text) {
        if matches!(lines, Lines::Status | Lines::All) {
            self.status_end = end.clone();
        }
        if matches!(lines, Lines::Fields | Lines::All) {
            let own = self.lines.iter_mut().filter(|line| !line.is_chosen());
            own.for_each(|line| line.end = end.clone());
        }
        if matches!(lines, Lines::Empty | Lines::All) {
            self.empty_line = end.clone();
        }
    }
}

impl Line {
    fn new(field: Option<Field>, name: Text, value: Text) -> Self {
        let (colon, end) = (Text::from(": "), end_of_line(End::Crlf));
        Self { field, name, colon, value, tail: Text::default(), end }
    }

    fn of(field: Field, value: &str) -> Self {
        let value = Text::parse(value).unwrap_or_default();
        Self::new(Some(field), Text::from(name(field)), value)
    }

    /// The line of the subprotocol, which is there only if the client offers one.
    fn chosen() -> Self {
        let name = Text(vec![Unit::Binding(Binding::ProtocolField)]);
        let line = Self::new(Some(Field::Protocol), name, Text::default());
        Self { colon: Text::default(), end: Text::default(), ..line }
    }

    fn is_chosen(&self) -> bool {
        self.name.0 == [Unit::Binding(Binding::ProtocolField)]
    }

    /// Makes parts of a line that stands for itself.
    fn spell_out(&mut self) {
        if self.is_chosen() {
            *self = Self::of(Field::Protocol, "{protocol}");
        }
    }

    fn space(&mut self, spot: Spot, white: &Text) {
        match spot {
            Spot::Before => {
                self.colon = Text::from(":");
                self.colon.append(white);
            }
            Spot::After => self.tail = white.clone(),
            Spot::Colon => self.colon.insert(Place::First, white),
        }
    }
}

fn before(response: Interim) -> Text {
    let spelt = match response {
        Interim::Continue => r"HTTP/1.1 100 Continue\r\n\r\n",
        Interim::Processing => r"HTTP/1.1 102 Processing\r\n\r\n",
        Interim::Hints => r"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n",
        Interim::Unknown => r"HTTP/1.1 199 Odd\r\n\r\n",
        Interim::Handshake => concat!(
            r"HTTP/1.1 103 Early Hints\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
            r"Sec-WebSocket-Accept: {accept}\r\n\r\n"
        ),
    };
    Text::parse(spelt).unwrap_or_default()
}

/// The name of a field.
pub(super) fn name(field: Field) -> &'static str {
    match field {
        Field::Upgrade => "Upgrade",
        Field::Connection => "Connection",
        Field::Accept => "Sec-WebSocket-Accept",
        Field::Protocol => "Sec-WebSocket-Protocol",
        Field::Extensions => "Sec-WebSocket-Extensions",
    }
}
