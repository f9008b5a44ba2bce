//! What tells a fault where the class of an answer alone does not: fields that are missing, connections that stay open, and
//! answers that are lawful but say something of the request that is not true. Nearly all of it only warns.

use upspec_corpus::Bindings;
use upspec_corpus::case::{Connection, Expectation, FieldMatcher, FieldTest, Grade};
use upspec_corpus::template::Binding;
use upspec_handshake::field::chunked::{Chunked, ChunkedReader};
use upspec_handshake::field::framing::Framing;
use upspec_handshake::field::target::Target;
use upspec_handshake::field::{elements, is_token};
use upspec_handshake::opening::{Consequence, Opening};
use upspec_handshake::permitted::Answer;
use upspec_handshake::{RequestHead, Version};

use crate::edit::Edit;
use crate::http2::outcomes;
use crate::known::Known;
use crate::recipe::Recipe;
use crate::text::{Text, Unit};
use crate::words::{Base, Field, Part};

/// A recipe of HTTP/1.1, as it was read.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) head: &'a RequestHead<'a>,
    pub(super) opening: &'a Opening<'a>,
    pub(super) body: &'a [u8],
    pub(super) known: &'a Known,
    pub(super) bindings: &'a Bindings,
}

impl Asked<'_> {
    /// The alternatives, which come before those by the class of the answer.
    pub(super) fn alternatives(&self) -> Vec<Expectation> {
        let all = [
            self.other_switch(),
            self.userinfo(),
            self.left_open(),
            self.version_list(),
            self.chunks(),
            self.ignored_offer(),
            self.no_extension(),
            self.no_explanation(),
            self.expectation(),
        ];
        all.into_iter().flatten().collect()
    }

    /// A valid offer of h2c may be taken (RFC 7540, section 3.2), whatever else the request is.
    fn other_switch(&self) -> Option<Expectation> {
        let fields = &self.head.fields;
        let has = |name, token: &[u8]| {
            let value = fields.combined(name).unwrap_or_default();
            elements(&value).any(|one| one.bytes.eq_ignore_ascii_case(token))
        };
        let is_valid = has("Upgrade", b"h2c")
            && has("Connection", b"Upgrade")
            && has("Connection", b"HTTP2-Settings")
            && fields.values("HTTP2-Settings").count() == 1
            && fields.values("HTTP2-Settings").all(is_base64url)
            && self.head.version >= Some(Version::HTTP_11)
            && self.opening.defects.iter().all(|one| one.consequence != Consequence::BadRequest);
        let mut switched = Expectation::of(outcomes("101"));
        let test = FieldTest::Token(Text::from("h2c").template());
        switched.wants.fields = vec![FieldMatcher { name: "Upgrade".to_owned(), test }];
        is_valid.then_some(switched)
    }

    /// Userinfo in a target is an error (RFC 9110, section 4.2.4).
    fn userinfo(&self) -> Option<Expectation> {
        let named = matches!(
            Target::parse(self.head.target),
            Ok(Target::Absolute(uri)) if uri.userinfo.is_some()
        );
        let because = "Userinfo in a target should be treated as an error.";
        named.then(|| warn("101 2xx", "rfc9110/4.2.4-userinfo", because))
    }

    /// After some requests the connection ends.
    fn left_open(&self) -> Option<Expectation> {
        let broken = |rule| self.opening.defects.iter().any(|one| one.requirement == rule);
        let is_old = self.head.version == Some(Version::HTTP_10)
            && !self.head.fields.contains("Connection")
            && self.opening.defects.iter().all(|one| one.consequence != Consequence::BadRequest);
        let (grade, requirement, because) = if broken("rfc9112/6.3-invalid-cl") {
            let because = "Nobody knows where the next request begins.";
            (Grade::Fail, "rfc9112/6.3-invalid-cl", because)
        } else if is_old {
            let because = "A client of HTTP/1.0 did not ask for keep-alive.";
            (Grade::Warn, "rfc9112/9.3-persistence-rules", because)
        } else {
            return None;
        };
        let because = format!("The connection is left open. {because}");
        let mut open = warn("2xx 3xx 4xx 5xx", requirement, &because);
        open.grade = grade;
        open.wants.connection = Some(Connection::Open);
        Some(open)
    }

    /// A client that asks for another version is told the right one (RFC 6455, section 4.4).
    fn version_list(&self) -> Option<Expectation> {
        let [defect] = &self.opening.defects[..] else { return None };
        let is_odd = ["Expect", "Content-Length", "Transfer-Encoding"]
            .into_iter()
            .any(|name| self.head.fields.contains(name));
        // What else is unusual may be refused first.
        let of_version = |edit: &Edit| match edit {
            Edit::Set(field, _) | Edit::Case(field, _) => *field == Field::Version,
            Edit::Name(..) | Edit::Move(..) | Edit::Ahead(..) => true,
            _ => false,
        };
        let is_own =
            self.head.target == self.bindings.path && self.recipe.edits.iter().all(of_version);
        if defect.consequence != Consequence::RefuseVersion || is_odd || !is_own {
            return None;
        }
        // Another status has another reason.
        let because = "The client is not told which version would do.";
        let mut untold = warn("400 426", "rfc6455/4.4-version-list", because);
        untold.grade = Grade::Fail;
        untold.wants.fields = vec![absent(Field::Version)];
        Some(untold)
    }

    /// 400 says that content is malformed which is in order; taking it for content where it is not is another matter.
    fn chunks(&self) -> Option<Expectation> {
        let coding = self.head.fields.combined("Transfer-Encoding").unwrap_or_default();
        let is_plain = coding.eq_ignore_ascii_case(b"chunked")
            && !self.head.fields.contains("Content-Length")
            && !self.head.fields.contains("Expect")
            && self.head.violations.is_empty();
        if Framing::of_request(self.head) != Framing::Chunked || !is_plain {
            return None;
        }
        match ChunkedReader::default().read(self.body) {
            Chunked::Complete(_)
                if matches!(Target::parse(self.head.target), Ok(Target::Origin { .. })) =>
            {
                let because =
                    "The content is chunked as it should be, and 400 says that it is not.";
                let opened = self
                    .opening
                    .defects
                    .iter()
                    .all(|one| one.consequence == Consequence::Unsettled);
                opened.then(|| warn("400 501", "rfc9112/7.1-chunked", because))
            }
            Chunked::Malformed(_) => {
                let because = "The server switched although the content is malformed.";
                Some(warn("101", "rfc9112/7.1-chunk-size-overflow", because))
            }
            _ => None,
        }
    }

    /// An offer to a resource that is there is taken or ignored (RFC 9110, section 7.8).
    fn ignored_offer(&self) -> Option<Expectation> {
        let of_offer = |edit: &Edit| match edit {
            Edit::Set(Field::Upgrade | Field::Connection, _) => true,
            Edit::Add(_, line) => line.template().to_string().starts_with("HTTP2-Settings: "),
            _ => false,
        };
        let edits = &self.recipe.edits;
        let is_offer =
            self.recipe.base == Base::Root && !edits.is_empty() && edits.iter().all(of_offer);
        let is_read = self.head.violations.is_empty() && self.known.plain;
        let harmless =
            |one: &Consequence| matches!(one, Consequence::IgnoreUpgrade | Consequence::Refuse);
        let rest = self.opening.defects.iter().all(|one| harmless(&one.consequence));
        let because = "Without the offer the resource answers with a 2xx.";
        (is_offer && is_read && rest).then(|| warn("4xx 5xx", "rfc9110/7.8-ignore", because))
    }

    /// An extension that is taken when it is offered alone is not taken beside others.
    fn no_extension(&self) -> Option<Expectation> {
        let offered = self.head.fields.combined("Sec-WebSocket-Extensions").unwrap_or_default();
        let alone = |one: &[u8]| one.trim_ascii() == b"permessage-deflate";
        let is_offered = offered.split(|octet| *octet == b',').any(alone);
        let takes = self.known.endpoint.negotiates_extensions;
        if !(is_offered && takes && self.opening.is_valid() && self.head.violations.is_empty()) {
            return None;
        }
        let lines = self.head.fields.values("Sec-WebSocket-Extensions").count();
        let requirement = if lines > 1 { "rfc9110/5.2-combined" } else { "rfc6455/9.1-split" };
        let mut none =
            warn("101", requirement, "permessage-deflate is taken when it is offered alone.");
        none.wants.fields = vec![absent(Field::Extensions)];
        Some(none)
    }

    /// An error explains itself (RFC 9110, section 15.5).
    fn no_explanation(&self) -> Option<Expectation> {
        if self.head.method == b"HEAD" || !self.head.violations.is_empty() {
            return None;
        }
        let foreign = self.opening.defects.iter().any(|one| one.requirement == "rfc9110/6.2-505");
        let (status, requirement) = match foreign {
            true => ("505", "rfc9110/15.6.6-505-explanation"),
            false => ("4xx", "rfc9110/15.5-explanation"),
        };
        let mut empty = warn(status, requirement, "The answer explains nothing.");
        empty.wants.body = Some(upspec_corpus::Template::default());
        let refused =
            |one: &Consequence| matches!(one, Consequence::Refuse | Consequence::RefuseVersion);
        let is_refused = self.opening.defects.iter().any(|one| refused(&one.consequence));
        (foreign || is_refused).then_some(empty)
    }

    /// An expectation is met or failed by its name, whatever its case, and is no mistake of syntax (RFC 9110, section
    /// 10.1.1).
    fn expectation(&self) -> Option<Expectation> {
        let mut values = self.head.fields.values("Expect");
        let (value, None) = (values.next()?, values.next()) else { return None };
        let settled = |one: &Consequence| *one != Consequence::Unsettled;
        let is_read = self.head.violations.is_empty()
            && !self.opening.defects.iter().any(|one| settled(&one.consequence));
        if !is_read || self.head.len >= ORDINARY || self.head.target != self.bindings.path {
            return None;
        }
        if value.eq_ignore_ascii_case(b"100-continue") {
            let because = "It is the one expectation that there is, in whatever case.";
            return Some(warn("417", "rfc9110/10.1.1-grammar", because));
        }
        let because = "What is not met is a 417, or passed over.";
        let has_content = ["Content-Length", "Transfer-Encoding"]
            .into_iter()
            .any(|name| self.head.fields.contains(name));
        (is_token(value) && !has_content).then(|| warn("400", "rfc9110/10.1.1-417", because))
    }
}

/// Whether a valid handshake is for the resource that is known to switch, in whatever spelling, with nothing in it that
/// a server may have cause to refuse.
pub(super) fn is_usual(asked: &Asked<'_>) -> bool {
    let (head, bindings) = (asked.head, asked.bindings);
    let (host, target) = match Target::parse(head.target) {
        Ok(Target::Absolute(uri)) => {
            let is_own =
                uri.scheme.eq_ignore_ascii_case(&bindings.scheme) && uri.userinfo.is_none();
            let Some(at) = head.target.windows(3).position(|three| three == b"://") else {
                return false;
            };
            let rest = &head.target[at + 3..];
            let end = rest.iter().position(|octet| *octet == b'/').unwrap_or(rest.len());
            (is_own.then(|| rest[..end].to_vec()), &rest[end..])
        }
        _ => (head.fields.values("Host").next().map(<[u8]>::to_vec), head.target),
    };
    let own = host.is_some_and(|host| host.eq_ignore_ascii_case(&bindings.authority));
    let path = target.split(|octet| *octet == b'?').next().unwrap_or_default();
    let small = head.len - head.line.len() < ORDINARY && head.line.len() <= LONGEST_LINE;
    asked.opening.is_valid()
        && head.violations.is_empty()
        && !head.fields.contains("Expect")
        && !head.fields.contains("Content-Length")
        && !head.fields.contains("Transfer-Encoding")
        && path == bindings.path.split(|octet| *octet == b'?').next().unwrap_or_default()
        && own
        && small
        && asked.recipe.edits.iter().all(is_usual_edit)
}

/// The answers that are worth a word although the request is unusual: a fault of its own where a server can read the
/// request, and a success that is none where it is for the resource that switches, or for none.
pub(super) fn spared(asked: &Asked<'_>) -> &'static [Answer] {
    let (head, bindings) = (asked.head, asked.bindings);
    let is_read = head.violations.is_empty()
        && head.method == b"GET"
        && head.version == Some(Version::HTTP_11)
        && !head.fields.contains("Transfer-Encoding");
    let target = asked.recipe.edits.iter().rev().find_map(|edit| match edit {
        Edit::Request(Part::Target, target) => Some(target),
        _ => None,
    });
    let is_random = target.is_some_and(|target| target.0.contains(&Unit::Binding(Binding::Random)));
    if !is_read {
        &[]
    } else if is_random {
        &[Answer::ServerError, Answer::Success, Answer::Redirect]
    } else if head.target == bindings.path {
        &[Answer::ServerError, Answer::Success]
    } else {
        &[Answer::ServerError]
    }
}

fn is_usual_edit(edit: &Edit) -> bool {
    match edit {
        Edit::Set(Field::Origin, origin) => origin.template().to_string() == "{origin}",
        Edit::After(_) | Edit::Lead(_) | Edit::Stop(_) => false,
        _ => true,
    }
}

/// Whether each octet may stand in the payload of SETTINGS in base64url (RFC 7540, section 3.2.1).
fn is_base64url(value: &[u8]) -> bool {
    value.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_'))
}

fn absent(field: Field) -> FieldMatcher {
    FieldMatcher { name: crate::draft::name(field).to_owned(), test: FieldTest::Absent }
}

fn warn(words: &str, requirement: &str, because: &str) -> Expectation {
    Expectation {
        grade: Grade::Warn,
        requirement: Some(requirement.to_owned()),
        because: Some(because.to_owned()),
        ..Expectation::of(outcomes(words))
    }
}

/// What servers read of fields without calling them too large, and of a request line (RFC 9112, section 3).
const ORDINARY: usize = 3000;
const LONGEST_LINE: usize = 8000;
