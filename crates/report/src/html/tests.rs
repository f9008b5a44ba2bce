//! The page: what it shows, and that nothing a target sends becomes markup.

use upspec_exchange::{Io, IoKind, Link, Over, Place, Record};
use upspec_handshake::Party;

use super::*;
use crate::ledger::{Account, Gap};
use crate::program::Worth;
use crate::sample;

#[test]
fn the_page_is_as_it_was() {
    // The style and the script are files of their own; their changes do not matter here.
    let page = html(&sample::report());
    let page = page.replace(STYLE, "…").replace(SCRIPT, "…");
    let carried = carried::element(&sample::report().json()).into_string();
    let page = page.replace(&carried, "");
    insta::assert_snapshot!(page.replace(&policy(STYLE, Some(SCRIPT)), "…").replace("><", ">\n<"));
}

#[test]
fn the_same_report_is_the_same_page() {
    assert_eq!(html(&sample::report()), html(&sample::report()));
}

#[test]
fn nothing_of_the_target_becomes_markup() {
    let page = html(&sample::report());
    assert_eq!(page.matches("<script").count(), 1);
    // The script makes markup of what a `noscript` holds: none may end early.
    assert_eq!(page.matches("noscript>").count(), 2 * sample::report().cases.len());
    for forbidden in ["<img", "alert(1)<", "<b>soap", "\u{202e}", "\0", "\x1b", "javascript:"] {
        assert!(!page.contains(forbidden), "{forbidden:?}");
    }
    let printable = |c: char| c == '\n' || !c.is_control();
    assert!(page.chars().all(printable));
}

#[test]
fn every_address_is_a_section_or_in_the_page() {
    let mut report = sample::report();
    for note in report.requirements.values_mut() {
        note.url = "javascript:alert(1)".to_owned();
        note.sections.push("rfc1/\" onclick=\"alert(1)".to_owned());
    }
    let page = html(&report);
    for address in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let known = address.starts_with('#') || address.starts_with("https://www.rfc-editor.org/");
        assert!(known, "{address}");
    }
    let markup = page.replace(STYLE, "").replace(SCRIPT, "");
    for tag in markup.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        for loading in [" src=", " style=", " on", "link", "iframe", "img", "object", "base"] {
            assert!(!tag.starts_with(loading.trim()) || tag.starts_with("ol"), "{tag}");
            assert!(!loading.starts_with(' ') || !tag.contains(loading), "{tag}");
        }
    }
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}

#[test]
fn the_policy_names_the_style_and_the_script() {
    let page = html(&sample::report());
    let between = |start: &str, end: &str| {
        let from = page.find(start).unwrap() + start.len();
        page[from..].split(end).next().unwrap().to_owned()
    };
    for (start, end) in [("<style>", "</style>"), ("<script>", "</script>")] {
        let hash = STANDARD.encode(Sha256::digest(between(start, end)));
        assert!(policy(STYLE, Some(SCRIPT)).contains(&hash), "{start}");
    }
    assert!(page.find("Content-Security-Policy") < page.find("<style>"));
}

#[test]
fn a_full_run_stays_light() {
    let page = html(&sample::full_report(600));
    assert!(page.len() < 3_000_000, "{} octets", page.len());
}

#[test]
fn an_endless_answer_stays_light() {
    let mut report = sample::full_report(600);
    let records = report.cases.iter_mut().flat_map(|case| &mut case.record);
    for io in records.flat_map(|record| &mut record.io) {
        io.bytes = (0..=255).cycle().take(16 << 10).collect();
    }
    let page = html(&report);
    assert!(page.len() < 8_000_000, "{} octets", page.len());
}

#[test]
fn made_up_numbers_of_octets_are_borne() {
    let mut report = sample::report();
    for record in report.cases.iter_mut().filter_map(|case| case.record.as_mut()) {
        record.io.push(sample::io(9, IoKind::ReadUnkept, &[0xFF; 8]));
    }
    assert!(html(&report).contains("Exchanges that count"));
}

#[test]
fn no_case_takes_what_the_others_need() {
    let mut report = sample::report();
    let before = html(&report).len();
    let records = report.cases.iter_mut().flat_map(|case| &mut case.record).take(1);
    for io in records.flat_map(|record| &mut record.io).take(1) {
        io.bytes = (0..=255).cycle().take(1 << 20).collect();
    }
    let page = html(&report);
    assert!(page.len() < before + 60_000, "{} octets", page.len());
    assert!(page.contains(" more octets in the JSON report"));
}

/// Writes the sample pages for a look at them, when asked where to.
#[test]
fn pages_to_look_at() {
    if let Some(folder) = std::env::var_os("UPSPEC_SAMPLES") {
        let folder = std::path::Path::new(&folder);
        std::fs::write(folder.join("sample.html"), html(&sample::report())).unwrap();
        std::fs::write(folder.join("full.html"), html(&sample::full_report(600))).unwrap();
    }
}

#[test]
fn frames_stand_beside_their_octets() {
    let mut report = sample::report();
    report.cases[0].record = Some(sample::over_http2(vec![
        (IoKind::Wrote, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
        (IoKind::Read, b"\0\0\x06\x04\0\0\0\0\0\0\x08\0\0\0\x01\0\0\x0e\x01".to_vec()),
        // A field whose value is markup, and a GOAWAY that says something to people.
        (IoKind::Read, b"\x05\0\0\0\x01\x8d\0\x01x\x09<b>\x1b\0\x80\x80\x0a\x0a".to_vec()),
        (IoKind::WroteOwed, b"\0\0\0\x04\x01\0\0\0\0".to_vec()),
        (IoKind::Read, b"\0\0\x0b\x07\0\0\0\0\0\0\0\0\x01\0\0\0\x0b<i>".to_vec()),
    ]));
    let page = html(&report);
    for wanted in [
        "connection preface",
        "<b>SETTINGS</b>",
        "<code>ENABLE_CONNECT_PROTOCOL: 1</code>",
        "HEADERS, stream 1, END_STREAM, END_HEADERS",
        "<code>:status: 404</code>",
        "<code>x: &lt;b&gt;\\x1B\\x00\\x80\\x80\\n\\n</code>",
        "sent as HTTP/2 obliges us",
        "<b>GOAWAY, ENHANCE_YOUR_CALM, last stream 1</b> “&lt;i&gt;”",
        "SETTINGS; HEADERS, stream 1, END_STREAM, END_HEADERS; GOAWAY, ENHANCE_YOUR_CALM, last stream 1 (",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
}

/// A proxy between us and us: we are the client of one link and the server of the other.
#[test]
fn several_links_share_one_log() {
    let on = |link, kind, bytes: &[u8]| Io { link, ..sample::io(0, kind, bytes) };
    let record = Record {
        links: vec![
            Link::plain("front", Party::Client, Over::Http1),
            Link::plain("back<i>", Party::Server, Over::Http1),
        ],
        io: vec![
            on(0, IoKind::Wrote, b"GET /one HTTP/1.1\r\n\r\n"),
            on(1, IoKind::Read, b"GET /two HTTP/1.1\r\n\r\n"),
            on(1, IoKind::Wrote, b"HTTP/1.1 204 No Content\r\n\r\n"),
            on(0, IoKind::Read, b"HTTP/1.1 502 Bad Gateway\r\n\r\n"),
            on(0, IoKind::ReadEnd, b""),
        ],
    };
    let mut report = sample::report();
    let case = &mut report.cases[1];
    case.record = Some(record);
    case.findings[0].at = Some(Place { link: 1, from: Party::Client, start: 4, end: 8 });
    let page = html(&report);
    for wanted in [
        "front: HTTP/1.1, we are the client, 21 octets out, 28 in; back&lt;i&gt;: HTTP/1.1, we are the server, 27 octets out, 21 in",
        "<li>front: HTTP/1.1 502 Bad Gateway (28 octets), then the peer closed</li>",
        "<li>back&lt;i&gt;: GET /two HTTP/1.1 (21 octets)</li>",
        "→ front: sent</b>",
        "<li class=\"back got\">",
        "GET <mark>/<u>two</u></mark> HTTP/1.1",
        "← back&lt;i&gt;: received</b>",
        "· front: the peer ended its writing side</b>",
    ] {
        assert!(page.contains(wanted), "{wanted}");
    }
}

#[test]
fn a_case_of_one_request_has_what_a_program_of_it_needs() {
    let mut report = sample::report();
    assert!(!html(&report).contains("<details class=\"program\""));
    let worth = Worth { grade: Verdict::Pass, from: 400, to: 499 };
    for note in report.notes.values_mut() {
        note.worth = vec![worth];
    }
    report.target.url = "wss://h:8443/".to_owned();
    let page = html(&report);
    assert!(page.contains("<details class=\"program\" data-worth=\"pass 400 499\""));
    let place =
        "<template id=\"upspec-programs\" data-host=\"h\" data-port=\"8443\" data-tls=\"true\">";
    assert!(page.contains(place));
    assert_eq!(page.matches("<script").count(), 1);
}

#[test]
fn the_ledger_is_folded_and_says_why_something_was_not_seen() {
    let mut report = sample::report();
    assert!(!html(&report).contains("id=\"ledger\""));
    report.ledger = vec![Account {
        rfc: "rfc6455".to_owned(),
        title: "<b>".to_owned(),
        broken: vec!["rfc6455/4.2.1-key".to_owned()],
        caseless: vec![Gap { id: "rfc6455/2-a\"b".to_owned(), why: "<i>".to_owned() }],
        ..Account::default()
    }];
    let page = html(&report);
    assert!(page.contains("<span class=\"number\">1 of 2 seen</span>"));
    let link = "href=\"https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1\" rel=\"noreferrer\">4.2.1-key</a>";
    assert!(page.contains(link));
    assert!(page.contains("2-a&quot;b</a> <span class=\"number\">&lt;i&gt;</span>"));
}

#[test]
fn findings_link_to_the_documentation_where_its_address_is_known() {
    let mut report = sample::report();
    report.causes.iter_mut().for_each(|cause| cause.fault = Some("any-key".to_owned()));
    report.docs = Some("https://example.org/docs/".to_owned());
    let page = html(&report);
    let places = [
        "requirements/rfc6455.html#4.2.1-key",
        "cases/server/key.html#fifteen-bytes",
        "faults/server.html#any-key",
    ];
    for place in places {
        assert!(page.contains(&format!("href=\"https://example.org/docs/{place}\"")), "{place}");
    }
    report.docs = Some("javascript:alert(1)//".to_owned());
    assert!(!html(&report).contains("javascript:alert(1)//\""));
    assert!(!html(&report).contains("href=\"javascript:"));
}

#[test]
fn a_finding_links_to_the_sentence_of_its_rule() {
    let mut report = sample::report();
    let section = "https://www.rfc-editor.org/rfc/rfc6455#section-4.2.1";
    let note = report.requirements.get_mut("rfc6455/4.2.1-key").unwrap();
    note.url = format!("{section}:~:text=A%20%7CSec%2DWebSocket,length");
    assert!(
        html(&report).contains(&format!("href=\"{section}:~:text=A%20%7CSec%2DWebSocket,length\""))
    );
    let note = report.requirements.get_mut("rfc6455/4.2.1-key").unwrap();
    note.url = format!("{section}:~:text=a&x");
    assert!(!html(&report).contains(":~:text"));
}
