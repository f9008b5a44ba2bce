//! The JSON Schema of a report. The judge's types carry no schema of their own, so twins of them
//! are here; a test holds a whole report against the schema, which allows no unknown key.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::diff::Diff;
use crate::report::Report;

/// The JSON Schema of reports, as it is published in `reports/schema.json`.
#[must_use]
pub fn schema() -> String {
    schema_of::<Report>()
}

/// The JSON Schema of comparisons, as it is published in `reports/diff-schema.json`.
#[must_use]
pub fn diff_schema() -> String {
    schema_of::<Diff>()
}

fn schema_of<T: JsonSchema>() -> String {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let schema = generator.into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema)
        .expect("a schema is a JSON value already: writing it cannot fail");
    text.push('\n');
    text
}

/// Twins of the judge's types, for the schema alone. Their doc comments are its descriptions.
pub(crate) mod mirror {
    #![expect(dead_code, reason = "the types are read by the derive and never made")]

    use schemars::JsonSchema;

    /// What is known of the target: found by the control, or declared.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    pub(crate) struct TargetFacts {
        /// A valid opening handshake is answered with 101; null until the control has run.
        endpoint: Option<bool>,
        /// A Ping after the 101 gets its Pong.
        pong: bool,
        /// A text message comes back.
        echo: bool,
        /// The subprotocols that the target selects when offered alone, the declared ones first.
        subprotocols: Vec<String>,
        /// An offer of permessage-deflate is accepted.
        permessage_deflate: bool,
        /// A second request on the same connection is answered.
        keep_alive: bool,
        /// A plain GET of `/` is answered with 2xx.
        plain_resource: bool,
        /// The allowed origins are declared.
        origin: bool,
        /// The target is reached over TLS.
        tls: bool,
        /// HTTP/2 is spoken: with prior knowledge, or inside TLS by ALPN.
        http2: bool,
        /// HTTP/2 is all that is spoken, so that nothing of HTTP/1.1 can be asked.
        http2_alone: bool,
        /// The SETTINGS of HTTP/2 allow the extended CONNECT of RFC 8441.
        extended_connect: bool,
        /// A valid extended CONNECT is answered with 2xx.
        http2_endpoint: bool,
        http2_resource: bool,
        /// How long the control took to be answered, in microseconds.
        answer_us: u64,
        /// How long silence is waited for, in milliseconds.
        window_ms: u64,
        /// The Server field of the control's answer or of a plain answer.
        server: Option<String>,
    }

    /// What is said of the target, from good to bad.
    #[derive(JsonSchema)]
    #[schemars(rename_all = "kebab-case")]
    pub(crate) enum Verdict {
        /// The answer is lawful.
        Pass,
        /// Nothing can be said.
        Inconclusive,
        /// A SHOULD is missed, or the answer harms interoperability.
        Warn,
        /// A MUST is broken.
        Fail,
        /// We could not do our job.
        Error,
    }

    /// Why nothing can be said.
    #[derive(JsonSchema)]
    #[schemars(rename_all = "kebab-case")]
    pub(crate) enum Reason {
        /// The control did not hold, so the answer would prove nothing.
        Blocked,
        /// The target could not be reached for this case.
        Connect,
        /// The run was interrupted before the case was over.
        Interrupted,
        /// No answer came where no rule says when to answer.
        NoAnswer,
        /// The target lacks a capability that the case needs.
        NotApplicable,
        /// The target had died before the case was played.
        TargetDied,
    }

    /// One thing that an answer does, with the requirement that speaks of it.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    pub(crate) struct Finding {
        /// The requirement's id.
        requirement: String,
        /// The sections that carry it, the current one first: `rfc9110/7.8`, `rfc7230/6.7`.
        sections: Vec<String>,
        /// The requirement's level: `must`, `should-not`, …
        level: String,
        /// What the finding makes of the case.
        verdict: Verdict,
        /// What the target did, in one phrase.
        message: String,
        /// The octets that show it, if they can be pointed at; never null.
        #[schemars(default, with = "Place")]
        at: Option<Place>,
    }

    /// Octets of an exchange, as offsets into all that was read.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    pub(crate) struct Place {
        /// Which exchange of the case, counted from 0.
        exchange: usize,
        /// The first octet, counted from 0 over all that was read.
        start: usize,
        /// The octet after the last.
        end: usize,
    }

    /// One connection, from its opening to its end.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    pub(crate) struct Exchange {
        /// Which end we played.
        end: End,
        /// What was spoken.
        over: Over,
        /// Whether the connection was inside TLS.
        tls: bool,
        /// The protocol that ALPN chose; left out where it chose none.
        #[schemars(default, with = "String")]
        alpn: Option<String>,
        /// What happened, in order.
        io: Vec<Io>,
    }

    /// Which end of a connection we played.
    #[derive(JsonSchema)]
    #[schemars(rename_all = "kebab-case")]
    pub(crate) enum End {
        /// We connected.
        Client,
        /// We accepted.
        Server,
    }

    /// What was spoken on a connection.
    #[derive(JsonSchema)]
    #[schemars(rename_all = "kebab-case")]
    pub(crate) enum Over {
        /// HTTP/1.x, or what was sent in its place.
        Http1,
        /// HTTP/2.
        Http2,
    }

    /// One event on a connection.
    #[derive(JsonSchema)]
    #[schemars(deny_unknown_fields)]
    pub(crate) struct Io {
        /// Microseconds since the connection was opened.
        at_us: u64,
        /// What happened.
        kind: IoKind,
        /// The octets of `read` and of what we wrote; left out when there are none.
        #[schemars(default, extend("contentEncoding" = "base64"))]
        bytes: String,
    }

    /// The kinds of event on a connection.
    #[derive(JsonSchema)]
    #[schemars(rename_all = "kebab-case")]
    pub(crate) enum IoKind {
        /// We wrote these octets as part of a step of the case.
        Wrote,
        /// We wrote these octets to take leave after the case was over.
        WroteLeave,
        /// We wrote these octets because HTTP/2 obliges us to, not because a step says so.
        WroteOwed,
        /// We read these octets.
        Read,
        /// We ended our writing side.
        ShutWrite,
        /// The peer ended its writing side in order (FIN; inside TLS with `close_notify`).
        ReadEnd,
        /// The peer ended the stream inside TLS without `close_notify`.
        ReadEndUnclean,
        /// The peer reset the connection.
        Reset,
        /// A write of ours failed because the peer had closed.
        WriteFailed,
        /// The window in which an answer was awaited ended with nothing more to read.
        Deadline,
        /// More octets came than are kept; the rest was dropped and the connection ended.
        CapReached,
        /// The peer sent a TLS alert that ended the connection.
        TlsAlert,
        /// The peer broke the TLS handshake, so that we ended it.
        TlsBroken,
        /// We closed the connection; everything that mattered had been seen.
        Closed,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::{Value, json};
    use upspec_judge::{IoKind, Reason, Verdict};

    use super::*;
    use crate::sample;

    #[test]
    fn the_published_schema_is_fresh() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports");
        for (name, schema) in [("schema.json", schema()), ("diff-schema.json", diff_schema())] {
            let path = folder.join(name);
            if std::env::var_os("UPSPEC_UPDATE").is_some() {
                std::fs::write(&path, &schema).unwrap();
            }
            let published = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(published == schema, "reports/{name} is stale; run with UPSPEC_UPDATE=1");
        }
    }

    #[test]
    fn a_report_fits_the_schema_and_an_unknown_key_does_not() {
        let validator = jsonschema::validator_for(&parse(&schema())).unwrap();
        let report = parse(&sample::report().json());
        let errors: Vec<_> = validator.iter_errors(&report).map(|e| e.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        let places = ["", "/target/facts", "/cases/1/findings/0", "/cases/1/findings/0/at"];
        for place in places.into_iter().chain(["/cases/1/exchanges/0/io/0", "/summary"]) {
            let mut odd = report.clone();
            odd.pointer_mut(place).unwrap()["unknown"] = json!(1);
            assert!(!validator.is_valid(&odd), "an unknown key in {place:?}");
        }
    }

    #[test]
    fn every_word_of_an_enumeration_is_in_the_schema() {
        let schema = parse(&schema());
        let verdicts = [Verdict::Pass, Verdict::Inconclusive, Verdict::Warn, Verdict::Fail];
        check(&schema, "Verdict", verdicts.into_iter().chain([Verdict::Error]));
        use Reason::{Blocked, Connect, Interrupted, NoAnswer, NotApplicable, TargetDied};
        check(
            &schema,
            "Reason",
            [Blocked, Connect, Interrupted, NoAnswer, NotApplicable, TargetDied],
        );
        use IoKind::{CapReached, Closed, Deadline, Read, ReadEnd, ReadEndUnclean, Reset};
        use IoKind::{ShutWrite, TlsAlert, TlsBroken, WriteFailed, Wrote, WroteLeave, WroteOwed};
        let kinds = [Wrote, WroteLeave, WroteOwed, Read, ShutWrite, ReadEnd, ReadEndUnclean, Reset];
        let more = [WriteFailed, Deadline, CapReached, TlsAlert, TlsBroken, Closed];
        check(&schema, "IoKind", kinds.into_iter().chain(more));
    }

    #[track_caller]
    fn check<T: serde::Serialize>(schema: &Value, name: &str, all: impl IntoIterator<Item = T>) {
        let words = schema["$defs"][name]["oneOf"].as_array().unwrap();
        let words: Vec<Value> = words.iter().map(|word| word["const"].clone()).collect();
        let all: Vec<Value> =
            all.into_iter().map(|value| serde_json::to_value(value).unwrap()).collect();
        assert_eq!(words, all);
    }

    fn parse(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }
}
