//! What cases name: fragments of bytes and of header fields, and openings.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use crate::frames::Field;
use crate::raw::{self, Fragment};
use crate::read::Reader;
use crate::read::steps::WrittenStep;
use crate::template::{Binding, Fragments, Template};

/// What the cases of a file may name.
#[derive(Clone, Default)]
pub(crate) struct Names {
    /// Bytes, written `{name}` in any bytes.
    pub(crate) bytes: Fragments,
    /// Header fields of HTTP/2, written `'{name}'` among others.
    pub(crate) fields: BTreeMap<String, Vec<Field>>,
    /// Steps to begin with, named in `open`.
    pub(crate) openings: BTreeMap<String, Vec<WrittenStep>>,
}

impl Names {
    /// The header fields behind `{name}`.
    pub(crate) fn fields_of(&self, text: &str) -> Option<&[Field]> {
        let name = text.strip_prefix('{')?.strip_suffix('}')?;
        self.fields.get(name).map(Vec::as_slice)
    }

    /// A name means one thing at a time: a fragment of fields takes the place of one of bytes.
    fn put(&mut self, name: &str, fragment: Read) {
        self.bytes.remove(name);
        self.fields.remove(name);
        match fragment {
            Read::Bytes(template) => drop(self.bytes.insert(name.to_owned(), template)),
            Read::Fields(fields) => drop(self.fields.insert(name.to_owned(), fields)),
        }
    }
}

/// The names that `fragments.toml` of the same folder defines.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) fragments: BTreeSet<String>,
    pub(crate) openings: BTreeSet<String>,
}

/// A fragment, read.
enum Read {
    Bytes(Template),
    Fields(Vec<Field>),
}

/// The state of reading the fragments of a file, which may use each other in any order.
struct Definitions<'r> {
    raws: BTreeMap<&'r str, (&'r raw::Text, &'r Spanned<Fragment>)>,
    /// Those that are being read, each because the one before uses it.
    path: Vec<&'r str>,
    done: BTreeSet<&'r str>,
}

impl Reader<'_> {
    /// Adds fragments to what is known. A name that is `taken` may not get a second meaning.
    pub(crate) fn fragments(&mut self, raws: &raw::Fragments, taken: &Taken, names: &mut Names) {
        for name in raws.keys() {
            let own = self.name(name);
            if Binding::from_name(&own).is_some() {
                self.report(name.span(), format!("a fragment with the name of `{{{own}}}`"))
                    .say("a binding has that name; take another");
            }
            if taken.fragments.contains(&own) {
                self.report(name.span(), format!("a second fragment `{own}`"))
                    .say("`fragments.toml` has one of that name; use it, or take another name");
            }
        }
        let mut all = Definitions {
            raws: raws.iter().map(|(name, raw)| (name.get_ref().as_str(), (name, raw))).collect(),
            path: Vec::new(),
            done: BTreeSet::new(),
        };
        for name in raws.keys() {
            self.fragment(name.get_ref(), &mut all, names);
        }
    }

    /// Reads one fragment, and those that it uses before it.
    fn fragment<'r>(&mut self, name: &'r str, all: &mut Definitions<'r>, names: &mut Names) {
        let (place, raw) = all.raws[name];
        if all.done.contains(name) {
            return;
        }
        if let Some(at) = all.path.iter().position(|used| *used == name) {
            let round = [&all.path[at..], &[name]].concat().join("` uses `");
            self.report(place.span(), format!("fragment `{name}` uses itself"))
                .say(format!("`{round}`: write the bytes of one of them"));
            names.put(name, Read::Bytes(Template::default()));
            all.done.insert(name);
            return;
        }
        all.path.push(name);
        for used in used(raw.get_ref()) {
            let known = all.raws.get_key_value(used.as_str()).map(|(name, _)| *name);
            if let Some(used) = known {
                self.fragment(used, all, names);
            }
        }
        all.path.pop();
        if all.done.insert(name) {
            let read = match raw.get_ref() {
                Fragment::Bytes(text) => {
                    Read::Bytes(self.template_at(text, raw.span(), &names.bytes))
                }
                Fragment::Fields(fields) => Read::Fields(self.header_fields(fields, names)),
            };
            names.put(name, read);
        }
    }

    /// Adds openings to what is known.
    pub(crate) fn openings(
        &mut self,
        raws: BTreeMap<raw::Text, Vec<Spanned<raw::Step>>>,
        taken: &Taken,
        names: &mut Names,
    ) {
        for (name, steps) in raws {
            let own = self.name(&name);
            if taken.openings.contains(&own) {
                self.report(name.span(), format!("a second opening `{own}`"))
                    .say("take another name");
            }
            let steps = steps.into_iter().filter_map(|step| self.step(step, names)).collect();
            names.openings.insert(own, steps);
        }
    }
}

/// The names in braces in a fragment.
fn used(fragment: &Fragment) -> Vec<String> {
    let mut texts: Vec<&str> = Vec::new();
    match fragment {
        Fragment::Bytes(text) => texts.push(text),
        Fragment::Fields(fields) => {
            for field in fields {
                match field.get_ref() {
                    raw::Bytes::One(text) => texts.push(text),
                    raw::Bytes::Several(pair) => {
                        texts.extend(pair.iter().map(|text| text.get_ref().as_str()));
                    }
                }
            }
        }
    }
    let names = |text: &str| -> Vec<String> {
        // A doubled brace opens nothing.
        let text = text.replace("{{", "");
        let open = text.split('{').skip(1);
        open.filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect()
    };
    texts.into_iter().flat_map(names).collect()
}
