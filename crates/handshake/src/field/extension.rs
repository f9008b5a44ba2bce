//! The Sec-WebSocket-Extensions field.
//! Knows no extension by name: `deflate` says what the parameters of permessage-deflate mean.

use super::list::{Element, elements};
use super::parameter::{Parameter, ParameterViolation, segments};
use super::token::{is_token, leading_ows, leading_tchars};
use std::ops::Range;

/// An extension that is offered or answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    /// The name as it was spelled.
    pub name: &'a [u8],
    /// The parameters in the order in which they came.
    pub parameters: Vec<Parameter<'a>>,
    /// The octets of the value that it takes.
    pub at: Range<usize>,
}

/// What a Sec-WebSocket-Extensions value says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions<'a> {
    /// The well-formed elements, in the order of preference.
    pub list: Vec<Extension<'a>>,
    /// What breaks the grammar. A recipient of any of these fails the connection (RFC 6455 9.1).
    pub violations: Vec<ExtensionViolation>,
    /// What is lawful to receive, but no sender should write.
    pub notes: Vec<ExtensionNote>,
}

/// A break of the grammar.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExtensionViolation {
    /// What is wrong.
    pub kind: ExtensionViolationKind,
    /// The octets of the value that are wrong.
    pub at: Range<usize>,
}

/// How a value can break the grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtensionViolationKind {
    /// No element at all.
    Empty,
    /// An extension name that is not a token.
    NameNotToken,
    /// A malformed parameter.
    Parameter(ParameterViolation),
    /// A quoted value that stands for something other than a token.
    QuotedNotToken,
}

/// A peculiarity that is not wrong to receive.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ExtensionNote {
    /// What is peculiar.
    pub kind: ExtensionNoteKind,
    /// The octets of the value.
    pub at: Range<usize>,
}

/// What can be peculiar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExtensionNoteKind {
    /// Nothing between two commas; no sender may write that (RFC 9110 5.6.1.1).
    EmptyElement,
    /// A quoted pair for an octet that needs none (RFC 9110 5.6.4).
    NeedlessPair,
    /// White space around an equals sign: implied in RFC 2616, gone since RFC 7230.
    SpaceAroundEquals,
}

impl<'a> Extensions<'a> {
    /// ```text
    /// extension-list  = 1#extension
    /// extension       = extension-token *( ";" extension-param )
    /// extension-token = token
    /// extension-param = token [ "=" ( token / quoted-string ) ]
    ///                   ; a quoted string stands for a token       RFC 6455 9.1
    /// ```
    ///
    /// `value` is the whole field value: all lines of the field, combined.
    pub fn parse(value: &'a [u8]) -> Self {
        let mut extensions = Self::default();
        let mut count = 0;
        for element in elements(value) {
            let at = element.at..element.at + element.bytes.len();
            if element.is_empty() {
                let kind = ExtensionNoteKind::EmptyElement;
                extensions.notes.push(ExtensionNote { kind, at });
            } else {
                count += 1;
                extensions.read(element, at);
            }
        }
        if count == 0 {
            extensions.violation(ExtensionViolationKind::Empty, 0..value.len());
        }
        extensions
    }

    /// Whether a value matches the grammar, without a look at what it says.
    pub fn fits_grammar(value: &[u8]) -> bool {
        if is_plain(value) {
            return true;
        }
        let mut parts = elements(value).filter(|element| !element.is_empty()).peekable();
        let fits = |part: Element<'_>| match Parameter::parse(part.bytes) {
            Ok(parameter) => parameter.value.as_deref().is_none_or(is_token),
            Err(_) => false,
        };
        parts.peek().is_some()
            && parts.all(|element| {
                let mut segments = segments(element.bytes);
                segments.next().is_some_and(|name| is_token(name.bytes)) && segments.all(fits)
            })
    }

    /// Whether the value matches the grammar.
    pub fn is_well_formed(&self) -> bool {
        self.violations.is_empty()
    }

    /// The extensions of this name, whatever its case.
    pub fn named(&self, name: &str) -> impl Iterator<Item = &Extension<'a>> {
        self.list.iter().filter(move |found| found.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    fn read(&mut self, element: Element<'a>, at: Range<usize>) {
        let before = self.violations.len();
        let mut name: Option<&'a [u8]> = None;
        let mut parameters = Vec::new();
        for segment in segments(element.bytes) {
            let start = element.at + segment.at;
            let place = start..start + segment.bytes.len();
            if name.is_none() {
                name = Some(segment.bytes);
                if !is_token(segment.bytes) {
                    self.violation(ExtensionViolationKind::NameNotToken, place);
                }
            } else if let Some(parameter) = self.parameter(segment.bytes, place) {
                parameters.push(parameter);
            }
        }
        if let (Some(name), true) = (name, self.violations.len() == before) {
            self.list.push(Extension { name, parameters, at });
        }
    }

    fn parameter(&mut self, segment: &'a [u8], place: Range<usize>) -> Option<Parameter<'a>> {
        let parameter = match Parameter::parse(segment) {
            Ok(parameter) => parameter,
            Err(violation) => {
                self.violation(ExtensionViolationKind::Parameter(violation), place);
                return None;
            }
        };
        if parameter.value.as_deref().is_some_and(|value| !is_token(value)) {
            self.violation(ExtensionViolationKind::QuotedNotToken, place);
            return None;
        }
        for (kind, noted) in [
            (ExtensionNoteKind::NeedlessPair, parameter.needless_pair),
            (ExtensionNoteKind::SpaceAroundEquals, parameter.space_around_equals),
        ] {
            if noted {
                self.notes.push(ExtensionNote { kind, at: place.clone() });
            }
        }
        Some(parameter)
    }

    fn violation(&mut self, kind: ExtensionViolationKind, at: Range<usize>) {
        self.violations.push(ExtensionViolation { kind, at });
    }
}

/// Whether a value matches the grammar in the way in which most do: nothing is quoted, and no element is empty.
fn is_plain(value: &[u8]) -> bool {
    let (mut rest, mut is_parameter) = (value, false);
    loop {
        let name = leading_tchars(rest);
        if name == 0 {
            return false;
        }
        rest = &rest[name..];
        if let ([b'=', behind @ ..], true) = (rest, is_parameter) {
            let length = leading_tchars(behind);
            if length == 0 {
                return false;
            }
            rest = &behind[length..];
        }
        let [separator @ (b',' | b';'), behind @ ..] = &rest[leading_ows(rest)..] else {
            return rest.is_empty();
        };
        is_parameter = *separator == b';';
        rest = &behind[leading_ows(behind)..];
    }
}

#[cfg(test)]
mod tests {
    use super::Extensions;

    /// `name;parameter=value, …|violations|notes`.
    fn read(value: &str) -> String {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        let extensions = Extensions::parse(value.as_bytes());
        let mut words = Vec::new();
        for extension in &extensions.list {
            let mut word = text(extension.name);
            for parameter in &extension.parameters {
                let value = parameter.value.as_deref().map(text);
                word += &format!(";{}", text(parameter.name));
                word += &value.map_or(String::new(), |value| format!("={value}"));
            }
            words.push(word);
        }
        let violations: Vec<_> =
            extensions.violations.iter().map(|f| format!("{:?}@{:?}", f.kind, f.at)).collect();
        let notes: Vec<_> =
            extensions.notes.iter().map(|n| format!("{:?}@{:?}", n.kind, n.at)).collect();
        format!("{}|{}|{}", words.join(", "), violations.join(" "), notes.join(" "))
    }

    #[test]
    fn rfc6455_9_1_extension_list() {
        let rows = [
            ("deflate-stream", "deflate-stream||"),
            (
                "mux; max-channels=4; flow-control, deflate-stream",
                "mux;max-channels=4;flow-control, deflate-stream||",
            ),
            ("x ; a=1 , y", "x;a=1, y||"),
            ("x; a=\"b\"", "x;a=b||"),
            ("x; a = b", "x;a=b||SpaceAroundEquals@3..8"),
            ("x; a=\"1\\0\"", "x;a=10||NeedlessPair@3..10"),
            (",x,", "x||EmptyElement@0..0 EmptyElement@3..3"),
            ("x; a=\"b,c\", y", "y|QuotedNotToken@3..10|"),
            ("x; a=\"\"", "|QuotedNotToken@3..7|"),
            ("x;", "|Parameter(Missing)@2..2|"),
            ("x;;b", "|Parameter(Missing)@2..2|"),
            (";", "|NameNotToken@0..0 Parameter(Missing)@1..1|"),
            ("=", "|NameNotToken@0..1|"),
            ("a=", "|NameNotToken@0..2|"),
            ("x a", "|NameNotToken@0..3|"),
            ("\"x\"", "|NameNotToken@0..3|"),
            ("x; b=", "|Parameter(ValueMissing)@3..5|"),
            ("x; b=\"c", "|Parameter(QuoteMalformed)@3..7|"),
            ("x; b=c=d, y", "y|Parameter(ValueNotToken)@3..8|"),
            ("x; \"b\"", "|Parameter(NameNotToken)@3..6|"),
            ("x; b=é", "|Parameter(ValueNotToken)@3..7|"),
            ("", "|Empty@0..0|"),
            (",", "|Empty@0..1|EmptyElement@0..0 EmptyElement@1..1"),
        ];
        for (value, want) in rows {
            assert_eq!(read(value), want, "{value}");
        }
    }
}
