//! Header lists and what is wrong with them, one row for each rule.
//! Never part of the library.

use super::*;
use std::collections::BTreeSet;

const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/")];
const CONNECT: [(&str, &str); 5] = [
    (":method", "CONNECT"),
    (":protocol", "websocket"),
    (":scheme", "https"),
    (":authority", "a"),
    (":path", "/"),
];

fn kinds(fields: &[(&str, &str)], kind: ListKind) -> Vec<ListViolationKind> {
    let list = HeaderList::new(fields.iter().copied());
    violations(&list, kind).iter().map(|violation| violation.kind).collect()
}

/// A valid request with more fields after it.
fn with<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    base.iter().chain(more).copied().collect()
}

/// A valid request without one of its pseudo-header fields.
fn without<'a>(base: &[(&'a str, &'a str)], name: &str) -> Vec<(&'a str, &'a str)> {
    base.iter().copied().filter(|field| field.0 != name).collect()
}

#[test]
fn what_is_in_order() {
    use ListKind::{Request, RequestExtended, Response, Trailers};
    let rows: [(Vec<(&str, &str)>, ListKind); 9] = [
        (GET.to_vec(), Request),
        (with(&GET, &[("te", "trailers"), ("x", ""), ("host", "b")]), Request),
        (without(&GET, ":authority"), Request),
        (CONNECT.to_vec(), RequestExtended),
        (vec![(":method", "CONNECT"), (":authority", "a:443")], Request),
        (vec![(":method", "CONNECT"), (":authority", "a:443")], RequestExtended),
        (vec![(":status", "200"), ("a", "b")], Response),
        (vec![(":status", "103")], Response),
        (vec![("a", "b")], Trailers),
    ];
    for (fields, kind) in rows {
        assert_eq!(kinds(&fields, kind), [], "{fields:?}");
    }
}

#[test]
fn fields_that_break_a_rule() {
    use ListViolationKind::{
        ConnectionSpecific, NameInvalid, NameUppercase, TeOther, ValueInvalid,
    };
    let rows: [(&str, &str, &[ListViolationKind]); 20] = [
        ("connection", "upgrade", &[ConnectionSpecific]),
        ("upgrade", "websocket", &[ConnectionSpecific]),
        ("keep-alive", "timeout=5", &[ConnectionSpecific]),
        ("proxy-connection", "close", &[ConnectionSpecific]),
        ("transfer-encoding", "chunked", &[ConnectionSpecific]),
        ("Upgrade", "h2c", &[NameUppercase, ConnectionSpecific]),
        ("te", "gzip", &[TeOther]),
        ("te", "trailers, gzip", &[TeOther]),
        ("te", "", &[TeOther]),
        ("X", "", &[NameUppercase]),
        ("", "", &[NameInvalid]),
        ("a b", "", &[NameInvalid]),
        ("a:b", "", &[NameInvalid]),
        ("a\u{e9}", "", &[NameInvalid]),
        ("a\n", "", &[NameInvalid]),
        ("x", "a\0b", &[ValueInvalid]),
        ("x", "a\r\nb: c", &[ValueInvalid]),
        ("x", " a", &[ValueInvalid]),
        ("x", "a\t", &[ValueInvalid]),
        ("x", " ", &[ValueInvalid]),
    ];
    for (name, value, want) in rows {
        let fields = with(&GET, &[(name, value)]);
        assert_eq!(kinds(&fields, ListKind::Request), want, "{name}: {value}");
    }
    let settings = with(&GET, &[("http2-settings", "AAA"), ("x", "a b")]);
    assert_eq!(kinds(&settings, ListKind::Request), []);
}

/// A header list, what it is, and the only thing that is wrong with it.
type Row<'r> = (Vec<(&'r str, &'r str)>, ListKind, ListViolationKind);

fn check(rows: Vec<Row<'_>>) {
    for (fields, kind, want) in rows {
        assert_eq!(kinds(&fields, kind), [want], "{fields:?}");
    }
}

#[test]
fn pseudo_header_fields_of_a_get() {
    use ListKind::{Request, RequestExtended};
    use ListViolationKind as Kind;
    let put = |name, value| with(&GET, &[(name, value)]);
    let empty_path = with(&without(&GET, ":path"), &[(":path", "")]);
    check(vec![
        (put(":nope", ""), Request, Kind::PseudoUnknown),
        (put(":", ""), Request, Kind::PseudoUnknown),
        (put(":Path", "/"), Request, Kind::PseudoUnknown),
        (put(":path", "/"), Request, Kind::PseudoRepeated),
        (put(":status", "200"), Request, Kind::PseudoMisplaced),
        (without(&GET, ":method"), Request, Kind::PseudoMissing),
        (without(&GET, ":scheme"), Request, Kind::PseudoMissing),
        (without(&GET, ":path"), Request, Kind::PseudoMissing),
        (empty_path, Request, Kind::PathEmpty),
        (put(":protocol", "websocket"), RequestExtended, Kind::ProtocolWithoutConnect),
    ]);
    let unannounced = kinds(&put(":protocol", "websocket"), Request);
    let want = [Kind::ProtocolUnannounced, Kind::ProtocolWithoutConnect];
    assert_eq!(unannounced, want);
    let late: Vec<_> = [("x", "y")].iter().chain(&GET).copied().collect();
    assert_eq!(kinds(&late, Request), [Kind::PseudoAfterRegular; 4]);
}

#[test]
fn pseudo_header_fields_of_a_connect() {
    use ListKind::{Request, RequestExtended};
    use ListViolationKind as Kind;
    let less = |name| without(&CONNECT, name);
    check(vec![
        (CONNECT.to_vec(), Request, Kind::ProtocolUnannounced),
        (less(":scheme"), RequestExtended, Kind::ProtocolWithoutTarget),
        (less(":path"), RequestExtended, Kind::ProtocolWithoutTarget),
        (less(":authority"), RequestExtended, Kind::ConnectAuthorityMissing),
        (less(":protocol"), RequestExtended, Kind::ConnectWithTarget),
    ]);
}

#[test]
fn pseudo_header_fields_of_responses_and_trailers() {
    use ListKind::{Response, Trailers};
    use ListViolationKind as Kind;
    let ok = (":status", "200");
    check(vec![
        (vec![(":status", "101")], Response, Kind::SwitchingProtocols),
        (vec![("a", "b")], Response, Kind::PseudoMissing),
        (vec![(":status", "20")], Response, Kind::StatusInvalid),
        (vec![ok, (":path", "/")], Response, Kind::PseudoMisplaced),
        (vec![ok], Trailers, Kind::PseudoMisplaced),
        (vec![(":path", "/")], Trailers, Kind::PseudoMisplaced),
    ]);
}

#[test]
fn te_is_for_requests() {
    let fields = [(":status", "200"), ("te", "trailers")];
    assert_eq!(kinds(&fields, ListKind::Response), [ListViolationKind::TeOther]);
}

#[test]
fn a_defect_says_which_field() {
    let fields = with(&GET, &[("x", "y"), ("upgrade", "h2c")]);
    let found = violations(&HeaderList::new(fields), ListKind::Request);
    assert_eq!(found[0].field, Some(5));
}

#[test]
fn each_kind_has_its_own_words() {
    let words: BTreeSet<_> = ListViolationKind::ALL.iter().map(|kind| kind.describe()).collect();
    assert_eq!(words.len(), ListViolationKind::ALL.len());
    assert!(ListViolationKind::ALL.is_sorted());
}
