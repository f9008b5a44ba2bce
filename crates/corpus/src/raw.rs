//! The files as they are written: what serde reads, and what the published schema is made of.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

#[cfg(feature = "schema")]
use crate::case::{Again, Certificate, Hazard, LinkName, Need, Over, Tls, When};
use crate::conditions::RawExpect;
#[cfg(feature = "schema")]
use crate::registry::{Binds, HarmKind, Level};
use crate::words::Word;

#[cfg(feature = "schema")]
mod described;
mod forms;
mod h2;
mod stands;

pub(crate) use h2::{Frame, H2};
pub(crate) use stands::OneOf;
#[cfg(feature = "schema")]
use stands::Yes;

/// Text with its place in the file.
pub(crate) type Text = Spanned<String>;

/// A file of cases on one topic.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct CaseFile {
    /// What the cases of the file are about.
    #[schemars(with = "String")]
    pub(crate) title: Text,
    /// What the target must be able to do, for every case that does not say so itself.
    #[serde(default)]
    #[schemars(with = "Option<Vec<OneOf<Need>>>")]
    pub(crate) needs: Vec<Text>,
    /// The tags of every case, beside its own.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) tags: Vec<Text>,
    /// What is spoken in every case that does not say so itself; `http1` when nothing is said.
    #[schemars(with = "Option<OneOf<Over>>")]
    pub(crate) over: Option<Text>,
    /// What TLS handshakes offer by ALPN, in every case that does not say so itself.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) alpn: Option<Vec<Text>>,
    /// Whether TLS is used where the target's address says so, in every case that does not say so
    /// itself; `as-target` when nothing is said.
    #[schemars(with = "Option<OneOf<Tls>>")]
    pub(crate) tls: Option<Text>,
    /// What the cases of the file write as `{name}`, beside the fragments of `fragments.toml`.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, Fragment>>")]
    pub(crate) fragments: Fragments,
    /// The cases.
    #[serde(default)]
    #[schemars(with = "Option<Vec<Case>>")]
    pub(crate) case: Vec<Spanned<Case>>,
}

/// One probe of a target.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("required" = ["name", "title", "requirement", "expect"]))]
pub(crate) struct Case {
    /// The last part of the case's id: lower-case letters, digits and hyphens.
    #[schemars(with = "String")]
    pub(crate) name: Text,
    /// One sentence that says what is expected.
    #[schemars(with = "String")]
    pub(crate) title: Text,
    /// The id of the requirement that a failing answer breaks.
    #[schemars(with = "String")]
    pub(crate) requirement: Text,
    /// Ids of further requirements that bear on the case.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) see: Vec<Text>,
    /// Names under which it can be selected with others, in lower-case letters, digits and hyphens.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) tags: Vec<Text>,
    /// Why the case exists: what goes wrong where the rule is broken.
    pub(crate) why: Option<String>,
    /// What the target must be able to do; takes the place of the file's `needs`.
    #[schemars(with = "Option<Vec<OneOf<Need>>>")]
    pub(crate) needs: Option<Vec<Text>>,
    /// What the target must not have: the opposite of `needs`.
    #[serde(default)]
    #[schemars(with = "Option<Vec<OneOf<Need>>>")]
    pub(crate) without: Vec<Text>,
    /// The URL that a client is given, bindings filled in; the root of the listener when nothing is said.
    #[schemars(with = "Option<String>")]
    pub(crate) url: Option<Text>,
    /// What a client is shown inside TLS; without it the listener speaks no TLS.
    #[schemars(with = "Option<OneOf<Certificate>>")]
    pub(crate) certificate: Option<Text>,
    /// What a client gets on a further connection: the answer that opens it, when nothing is said, or `same`:
    /// the steps of the case once more.
    #[schemars(with = "Option<OneOf<Again>>")]
    pub(crate) again: Option<Text>,
    /// What is spoken; takes the place of the file's `over`.
    #[schemars(with = "Option<OneOf<Over>>")]
    pub(crate) over: Option<Text>,
    /// What a TLS handshake offers by ALPN, in order; `[]` is no ALPN at all. When nothing is said
    /// it is `http/1.1` over `http1` and `h2` over `http2`. In a case for a client: what we choose from.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) alpn: Option<Vec<Text>>,
    /// `off`: speak without TLS on a port where the target speaks it; takes the place of the file's.
    #[schemars(with = "Option<OneOf<Tls>>")]
    pub(crate) tls: Option<Text>,
    /// Set when the case can hurt a weak server: it is then off unless asked for.
    #[schemars(with = "Option<OneOf<Hazard>>")]
    pub(crate) hazard: Option<Text>,
    /// The id of a case that means the same and must get the same outcome.
    #[schemars(with = "Option<String>")]
    pub(crate) same_as: Option<Text>,
    /// The steps to begin with, by their name in `fragments.toml`.
    #[schemars(with = "Option<String>")]
    pub(crate) open: Option<Text>,
    /// What is done where that is one `send`: bytes to write, in place of `step`.
    #[schemars(with = "Option<Bytes>")]
    pub(crate) send: Option<Spanned<Bytes>>,
    /// What is done where that is one `h2`: a frame to write, in place of `step`.
    #[schemars(with = "Option<H2>")]
    pub(crate) h2: Option<Spanned<H2>>,
    /// What is done, in order.
    #[schemars(with = "Option<Vec<Step>>")]
    pub(crate) step: Option<Spanned<Vec<Spanned<Step>>>>,
    /// The graded alternatives; an answer that none of them describes fails.
    #[serde(default)]
    #[schemars(with = "Alternatives")]
    pub(crate) expect: Alternatives,
}

/// One thing that is done: exactly one of these keys, and perhaps `at`, `otherwise`, `once` and `if`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 5))]
pub(crate) struct Step {
    /// Who acts: on which connection it is done. It is not said where a case has one connection.
    #[schemars(with = "Option<OneOf<LinkName>>")]
    pub(crate) at: Option<Text>,
    /// Bytes to write; a list is joined. Adjacent sends form one write.
    #[schemars(with = "Option<Bytes>")]
    pub(crate) send: Option<Spanned<Bytes>>,
    /// The same bytes many times over.
    #[schemars(with = "Option<Repeat>")]
    pub(crate) repeat: Option<Spanned<Repeat>>,
    /// The same bytes ever more times from one exchange to the next, to see what their handling costs.
    #[schemars(with = "Option<Grow>")]
    pub(crate) grow: Option<Spanned<Grow>>,
    /// The same bytes over and over, each time in a write of its own, until something comes.
    #[schemars(with = "Option<Repeat>")]
    pub(crate) endless: Option<Spanned<Repeat>>,
    /// A frame of HTTP/2 to write, or a header block in several. Adjacent ones form one write, and
    /// one with adjacent sends.
    #[schemars(with = "Option<H2>")]
    pub(crate) h2: Option<Spanned<H2>>,
    /// Octets on a stream of HTTP/2, in DATA frames as the target's windows allow.
    #[schemars(with = "Option<Flow>")]
    pub(crate) flow: Option<Spanned<Flow>>,
    /// A pause such as `50ms` or `1s`, which also splits the writes around it.
    #[schemars(with = "Option<String>")]
    pub(crate) wait: Option<Text>,
    /// Wait for a response head with one of these statuses (`101`, `4xx 5xx`, `any`), in HTTP/2 on
    /// the stream that was written to last; when another one comes the remaining steps are left
    /// out. `request`, `content`, `opened`, `response`, `close-frame`, `settings`, `end` and `silence` wait
    /// for what they say, in a case for an intermediary also `request-2`, `request-3`, `request-or-interim`,
    /// `connect` and `interim`, `{ octets = '…' }` for these octets, and `{ count = 1000 }` for so many in the
    /// tunnel.
    #[schemars(with = "Option<Await>")]
    pub(crate) r#await: Option<Spanned<Await>>,
    /// Bytes to write, each in a write of its own; a list is joined.
    #[schemars(with = "Option<Bytes>")]
    pub(crate) send_bytewise: Option<Spanned<Bytes>>,
    /// How long nothing is read on the connection: `50ms` or `1s`.
    #[schemars(with = "Option<String>")]
    pub(crate) pause_reading: Option<Text>,
    /// `write`: end our writing side and go on reading; `both`: read nothing more either; `reset`: reset the
    /// connection.
    #[schemars(with = "Option<OneOf<Side>>")]
    pub(crate) shutdown: Option<Text>,
    /// What our origin writes in place of the step where the request that it answers does not offer what the
    /// client's does.
    #[schemars(with = "Option<Bytes>")]
    pub(crate) otherwise: Option<Spanned<Bytes>>,
    /// `true`: of all steps that say so only the first is done whose turn comes.
    #[schemars(with = "Option<Yes>")]
    pub(crate) once: Option<Spanned<bool>>,
    /// The step is done only where this holds.
    #[schemars(with = "Option<OneOf<When>>")]
    pub(crate) r#if: Option<Text>,
}

/// The same bytes many times over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Repeat {
    /// How often.
    #[schemars(with = "u32")]
    pub(crate) times: Spanned<u32>,
    /// What is repeated.
    #[schemars(with = "String")]
    pub(crate) bytes: Text,
}

/// The same bytes ever more times from one exchange to the next.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Grow {
    /// How often at first.
    #[schemars(with = "u32")]
    pub(crate) from: Spanned<u32>,
    /// How often at the most.
    #[schemars(with = "u32")]
    pub(crate) to: Spanned<u32>,
    /// What is repeated, without bindings.
    #[schemars(with = "Bytes")]
    pub(crate) bytes: Spanned<Bytes>,
    /// What a harmless request has in its place, as many octets; a letter for each when nothing is said.
    #[schemars(with = "Option<Bytes>")]
    pub(crate) beside: Option<Spanned<Bytes>>,
}

/// Octets on a stream of HTTP/2, in DATA frames that the peer's windows have room for. Where none comes
/// within the window of time, the remaining steps are left out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Flow {
    /// The octets.
    #[schemars(with = "String")]
    pub(crate) data: Text,
    /// How often they come; once when nothing is said.
    #[schemars(with = "Option<u32>")]
    pub(crate) times: Option<Spanned<u32>>,
    /// How many octets of padding each DATA frame has; then each round is a frame of its own.
    pub(crate) padding: Option<u8>,
    /// The stream; 1 when nothing is said.
    pub(crate) stream: Option<u32>,
}

/// What is waited for: by name or status, or octets.
#[derive(Debug)]
pub(crate) enum Await {
    Words(String),
    Octets(AwaitOctets),
}

/// Octets that are waited for: exactly one of these keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub(crate) struct AwaitOctets {
    /// These octets, anywhere in what came.
    #[schemars(with = "Option<String>")]
    pub(crate) octets: Option<Text>,
    /// So many octets in the tunnel.
    #[schemars(with = "Option<u32>")]
    pub(crate) count: Option<u32>,
}

/// One text, or several: bytes that are joined, or the name and the value of a header field.
#[derive(Debug)]
pub(crate) enum Bytes {
    One(String),
    Several(Vec<Text>),
}

/// Alternatives of a case: one or a list, each a table or the name of a preset.
#[derive(Debug, Default)]
pub(crate) struct Alternatives(pub(crate) Vec<Spanned<Alternative>>);

/// An alternative as it is written in a case.
#[derive(Debug)]
pub(crate) enum Alternative {
    Preset(String),
    Table(Box<RawExpect>),
}

/// What a field of the response must look like: its name and exactly one test.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("minProperties" = 2, "maxProperties" = 2))]
pub(crate) struct Field {
    /// The field name.
    #[schemars(with = "String")]
    pub(crate) name: Text,
    /// `true`: the field is there.
    #[schemars(with = "Option<Yes>")]
    pub(crate) present: Option<Spanned<bool>>,
    /// `true`: the field is not there.
    #[schemars(with = "Option<Yes>")]
    pub(crate) absent: Option<Spanned<bool>>,
    /// The combined value is these octets.
    #[schemars(with = "Option<String>")]
    pub(crate) equals: Option<Text>,
    /// One element of the combined list is this token, compared without case.
    #[schemars(with = "Option<String>")]
    pub(crate) token: Option<Text>,
    /// No element of the combined list is this token, compared without case.
    #[schemars(with = "Option<String>")]
    pub(crate) no_token: Option<Text>,
    /// An element of the combined list starts with this token and is followed by parameters or
    /// nothing.
    #[schemars(with = "Option<String>")]
    pub(crate) extension: Option<Text>,
    /// The value of a line holds these octets.
    #[schemars(with = "Option<String>")]
    pub(crate) contains: Option<Text>,
    /// The members of the combined list, in order; `*` stands for the rest of one, and comments count for nothing.
    #[schemars(with = "Option<String>")]
    pub(crate) list: Option<Text>,
    /// `true`: there are two lines of that name or more.
    #[schemars(with = "Option<Yes>")]
    pub(crate) repeated: Option<Spanned<bool>>,
    /// `true`: the combined value is the base64 of 16 octets; `false`: it is not.
    pub(crate) key: Option<bool>,
    /// `true`: the combined value is the Sec-WebSocket-Accept of the key that our client sent.
    #[schemars(with = "Option<Yes>")]
    pub(crate) accept: Option<Spanned<bool>>,
    /// `true`: the field is there, if the intermediary adds it to a plain request by itself.
    #[schemars(with = "Option<Yes>")]
    pub(crate) added: Option<Spanned<bool>>,
}

/// What many case files write, by name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct FragmentFile {
    /// What cases write as `{name}`: bytes, or a list of header fields of HTTP/2.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, Fragment>>")]
    pub(crate) fragments: Fragments,
    /// Steps to begin with, to be named in `open`.
    #[serde(default)]
    #[schemars(with = "Option<BTreeMap<String, Vec<Step>>>")]
    pub(crate) openings: BTreeMap<Text, Vec<Spanned<Step>>>,
}

/// Fragments by their names.
pub(crate) type Fragments = BTreeMap<Text, Spanned<Fragment>>;

/// Bytes, or header fields of HTTP/2.
#[derive(Debug)]
pub(crate) enum Fragment {
    Bytes(String),
    Fields(Vec<Spanned<Bytes>>),
}

/// The file of presets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct PresetFile {
    /// The presets.
    #[schemars(with = "Vec<Preset>")]
    pub(crate) preset: Vec<Spanned<Preset>>,
}

/// A set of graded alternatives with a name.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Preset {
    /// The name: lower-case letters, digits and hyphens.
    #[schemars(with = "String")]
    pub(crate) name: Text,
    /// When to use it, and why the outcomes are graded so.
    pub(crate) text: String,
    /// The alternatives.
    #[schemars(with = "Alternatives")]
    pub(crate) expect: Alternatives,
}

/// The requirements of one RFC.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RequirementFile {
    /// The title of the RFC.
    pub(crate) title: String,
    /// The RFC: `rfc6455`.
    #[schemars(with = "String")]
    pub(crate) rfc: Text,
    /// The requirements.
    #[serde(default)]
    #[schemars(with = "Option<Vec<Requirement>>")]
    pub(crate) requirement: Vec<Spanned<Requirement>>,
}

/// One thing that an RFC asks of somebody.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Requirement {
    /// RFC, `/`, section, `-`, slug: `rfc6455/4.2.1-key`.
    #[schemars(with = "String")]
    pub(crate) id: Text,
    /// How binding it is.
    #[schemars(with = "OneOf<Level>")]
    pub(crate) level: Text,
    /// Whom it binds.
    #[schemars(with = "OneOf<Binds>")]
    pub(crate) binds: Text,
    /// What it asks, in our words.
    pub(crate) text: String,
    /// What software does that breaks it, as a sentence without its subject and period: `Adds no Via`.
    pub(crate) breach: Option<String>,
    /// What to do about it, as a request without a capital and a period: `send Allow with each 405`.
    pub(crate) mend: Option<String>,
    /// A few words with which its sentence in the RFC begins, and perhaps a few with which it ends, for links.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>", length(max = 2))]
    pub(crate) words: Vec<Text>,
    /// Sections of obsolete RFCs that had the rule: `rfc7230/6.7`.
    #[serde(default)]
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) older: Vec<Text>,
    /// The section that took the place of this one, where the rule itself did not survive.
    #[schemars(with = "Option<String>")]
    pub(crate) successor: Option<Text>,
    /// What differs between the older and the newer text.
    pub(crate) changed: Option<String>,
    /// Whether a server has the duty only because RFC 6455, section 4.2.1 lets it refuse what does
    /// not match the description of a client's handshake.
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    pub(crate) derived: bool,
    /// Whether it is a rule for every response whose breach is a habit of the target: it counts once
    /// per run.
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    pub(crate) habit: bool,
    /// Whether only the end of the connection shows if it is kept; no text says how soon that end is
    /// due.
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    pub(crate) needs_end: bool,
    /// What comes of its breach; `confusion` where nothing else is said.
    pub(crate) harm: Option<Harm>,
    /// Why no probe can see whether it is kept.
    pub(crate) untestable: Option<String>,
}

/// What comes of the breach of a requirement.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Harm {
    /// How bad it is.
    #[schemars(with = "OneOf<HarmKind>")]
    pub(crate) kind: Text,
    /// Why it is so bad, as a sentence.
    pub(crate) because: String,
    /// Whether it takes a connection that stays open: where it ends behind the answer, the breach confuses and no more.
    #[serde(default)]
    pub(crate) needs_open: bool,
}

/// Which side of a connection is ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Ours, towards the peer.
    Write,
    /// Both.
    Both,
    /// Both, by a reset.
    Reset,
}

impl Word for Side {
    const WHAT: &'static str = "side";
    const WORDS: &'static [(&'static str, Self)] =
        &[("write", Self::Write), ("both", Self::Both), ("reset", Self::Reset)];
}
