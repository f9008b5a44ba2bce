//! How each type of condition is written: read with its problems, printed, and described in the schema.

use std::ops::Range;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::case::{FieldMatcher, FieldTest, Outcomes, Role};
use crate::print::{list, text};
use crate::raw::{self, OneOf, Text};
use crate::read::{Reader, only_one, split};
use crate::template::{Fragments, Part, Template};
use crate::words::Word;

/// What a condition can ask. Its default asks nothing.
pub(crate) trait Value: Default {
    /// What TOML has in its place.
    type Raw: DeserializeOwned;
    /// What stands for it in the schema.
    type Shown;
    fn read(reader: &mut Reader<'_>, raw: Spanned<Self::Raw>) -> Self;
    fn print(&self) -> String;
    /// Asks something else beside it or, where that cannot be, in its place.
    fn add(&mut self, more: Self) {
        *self = more;
    }
}

/// A condition as it is written.
#[derive(Debug)]
pub(crate) struct Said<V: Value>(Spanned<V::Raw>);

impl<V: Value> Said<V> {
    pub(crate) fn span(&self) -> Range<usize> {
        self.0.span()
    }

    pub(crate) fn read(said: Option<Self>, reader: &mut Reader<'_>) -> V {
        said.map(|said| V::read(reader, said.0)).unwrap_or_default()
    }
}

impl<'d, V: Value> Deserialize<'d> for Said<V> {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Self, D::Error> {
        Spanned::deserialize(from).map(Self)
    }
}

#[cfg(feature = "schema")]
impl<V: Value<Shown: schemars::JsonSchema>> schemars::JsonSchema for Said<V> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        V::Shown::schema_name()
    }

    fn inline_schema() -> bool {
        V::Shown::inline_schema()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        V::Shown::json_schema(generator)
    }
}

impl Value for Outcomes {
    type Raw = String;
    type Shown = String;

    fn read(reader: &mut Reader<'_>, raw: Text) -> Self {
        reader.outcomes(&raw)
    }

    fn print(&self) -> String {
        format!("\"{self}\"")
    }
}

impl<W: Word> Value for Option<W> {
    type Raw = String;
    type Shown = OneOf<W>;

    fn read(reader: &mut Reader<'_>, raw: Text) -> Self {
        reader.word(&raw)
    }

    fn print(&self) -> String {
        format!("\"{}\"", self.map(Word::word).unwrap_or_default())
    }
}

impl<W: Word> Value for Vec<W> {
    type Raw = String;
    type Shown = String;

    fn read(reader: &mut Reader<'_>, words: Text) -> Self {
        reader.words(&words)
    }

    fn print(&self) -> String {
        let words: Vec<&str> = self.iter().map(|one| one.word()).collect();
        format!("\"{}\"", words.join(" "))
    }
}

impl Value for Vec<Outcomes> {
    type Raw = Vec<Text>;
    type Shown = Vec<String>;

    fn read(reader: &mut Reader<'_>, raw: Spanned<Self::Raw>) -> Self {
        raw.into_inner().iter().map(|words| reader.outcomes(words)).collect()
    }

    fn print(&self) -> String {
        list(self.iter().map(Value::print))
    }
}

impl Value for Option<Template> {
    type Raw = String;
    type Shown = String;

    fn read(reader: &mut Reader<'_>, raw: Text) -> Self {
        Some(reader.matcher_octets(&raw))
    }

    fn print(&self) -> String {
        self.as_ref().map(|octets| format!("'{octets}'")).unwrap_or_default()
    }
}

impl Value for Vec<Template> {
    type Raw = Vec<Text>;
    type Shown = Vec<String>;

    fn read(reader: &mut Reader<'_>, raw: Spanned<Self::Raw>) -> Self {
        raw.into_inner().iter().map(|text| reader.matcher_octets(text)).collect()
    }

    fn print(&self) -> String {
        list(self.iter().map(|octets| format!("'{octets}'")))
    }
}

impl Value for Vec<FieldMatcher> {
    type Raw = Vec<Spanned<raw::Field>>;
    type Shown = Vec<raw::Field>;

    fn read(reader: &mut Reader<'_>, raw: Spanned<Self::Raw>) -> Self {
        raw.into_inner().into_iter().filter_map(|raw| reader.field(raw)).collect()
    }

    fn print(&self) -> String {
        list(self.iter().map(matcher))
    }

    fn add(&mut self, more: Self) {
        self.extend(more);
    }
}

fn matcher(field: &FieldMatcher) -> String {
    let test = match &field.test {
        FieldTest::Present => "present = true".to_owned(),
        FieldTest::Absent => "absent = true".to_owned(),
        FieldTest::Equals(value) => format!("equals = '{value}'"),
        FieldTest::Token(token) => format!("token = '{token}'"),
        FieldTest::NoToken(token) => format!("no-token = '{token}'"),
        FieldTest::Extension(token) => format!("extension = '{token}'"),
        FieldTest::Contains(octets) => format!("contains = '{octets}'"),
        FieldTest::List(members) => format!("list = '{members}'"),
        FieldTest::Repeated => "repeated = true".to_owned(),
        FieldTest::Key => "key = true".to_owned(),
        FieldTest::NotKey => "key = false".to_owned(),
        FieldTest::Accept => "accept = true".to_owned(),
        FieldTest::Added => "added = true".to_owned(),
    };
    format!("{{ name = {}, {test} }}", text(&field.name))
}

/// A test with octets of its own.
type OfOctets = fn(Template) -> FieldTest;
/// What a matcher of a field can ask; of these it has one.
const FIELD_KEYS: [&str; 12] = [
    "present",
    "absent",
    "equals",
    "token",
    "no-token",
    "extension",
    "contains",
    "list",
    "repeated",
    "key",
    "accept",
    "added",
];

impl Reader<'_> {
    fn field(&mut self, raw: Spanned<raw::Field>) -> Option<FieldMatcher> {
        let (span, raw) = split(raw);
        let flags = [
            ("present", raw.present, FieldTest::Present, "write `absent = true`"),
            ("absent", raw.absent, FieldTest::Absent, "write `present = true`"),
            ("repeated", raw.repeated, FieldTest::Repeated, "leave it out"),
            ("accept", raw.accept, FieldTest::Accept, "leave it out"),
            ("added", raw.added, FieldTest::Added, "leave it out"),
        ];
        let texts: [(_, _, OfOctets); 6] = [
            ("equals", raw.equals, FieldTest::Equals),
            ("token", raw.token, FieldTest::Token),
            ("no-token", raw.no_token, FieldTest::NoToken),
            ("extension", raw.extension, FieldTest::Extension),
            ("contains", raw.contains, FieldTest::Contains),
            ("list", raw.list, FieldTest::List),
        ];
        let mut set: Vec<(&str, FieldTest)> = Vec::new();
        for (key, flag, test, help) in flags {
            let Some(flag) = flag else { continue };
            if !flag.get_ref() {
                self.report(flag.span(), format!("`{key} = false`")).say(help);
            }
            set.push((key, test));
        }
        for (key, text, test) in texts {
            let Some(text) = text else { continue };
            set.push((key, test(self.matcher_octets(&text))));
        }
        set.extend(raw.key.map(|is| ("key", if is { FieldTest::Key } else { FieldTest::NotKey })));
        let test = only_one(self, span, "a field matcher", &FIELD_KEYS, set)?;
        if !is_token(raw.name.get_ref()) {
            self.report(raw.name.span(), format!("`{}` is not a field name", raw.name.get_ref()))
                .say("a field name is a token, without the colon");
        }
        Some(FieldMatcher { name: raw.name.into_inner(), test })
    }

    /// The octets of a matcher, which hold no binding but in a case for a client: what fills those in stands
    /// in the record.
    fn matcher_octets(&mut self, text: &Text) -> Template {
        let template = self.template(text, &Fragments::new());
        if self.role == Some(Role::Client) {
            return template;
        }
        let binding = template.parts.iter().find_map(|part| match part {
            Part::Binding(binding) => Some(binding),
            Part::Bytes(_) => None,
        });
        if let Some(binding) = binding {
            self.report(text.span(), format!("binding `{{{binding}}}` in a field matcher")).say(
                "a stored response is judged without what the run filled in: write the octets",
            );
        }
        template
    }
}

/// Whether it can name a field at all.
fn is_token(name: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(fits)
}
