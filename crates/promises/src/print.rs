//! Prints cases as a case file, so that they can be loaded again.
//! Never keeps what loading dissolves: fragments, presets, comments.

use std::fmt::Write as _;

use upspec_corpus::Case;
use upspec_corpus::case::{Expectation, FieldMatcher, FieldTest, Step};
use upspec_corpus::frames::{Field, Frames, Payload};
use upspec_corpus::words::Word as _;
use upspec_handshake::h2::flag::END_STREAM;

use crate::planted;

/// The case file of cases from one topic.
pub(crate) fn file(cases: &[Case]) -> String {
    let mut out = String::from("title = \"Printed\"\n");
    for case in cases {
        write_case(&mut out, case);
    }
    out
}

/// The case file as the target prints it: with the planted bug, if there is one.
pub(crate) fn printed(cases: &[Case]) -> String {
    let cases: Vec<Case> = cases.iter().map(planted::printed).collect();
    file(&cases)
}

fn write_case(out: &mut String, case: &Case) {
    let name = case.id.rsplit('/').next().unwrap_or(&case.id);
    line(out, format_args!("[[case]]\nname = {}", text(name)));
    line(out, format_args!("title = {}", text(&case.title)));
    line(out, format_args!("requirement = {}", text(&case.requirement)));
    line(out, format_args!("see = {}", texts(case.see.iter())));
    if let Some(why) = &case.why {
        line(out, format_args!("why = {}", text(why)));
    }
    let needs: Vec<String> = case.needs.iter().map(ToString::to_string).collect();
    line(out, format_args!("needs = {}", texts(needs.iter())));
    if let Some(hazard) = case.hazard {
        line(out, format_args!("hazard = {}", text(hazard.word())));
    }
    if let Some(other) = &case.same_as {
        line(out, format_args!("same-as = {}", text(other)));
    }
    line(out, format_args!("over = {}", text(case.over.word())));
    line(out, format_args!("tls = {}", text(case.tls.word())));
    line(out, format_args!("alpn = {}", texts(case.alpn.iter())));
    for step in &case.steps {
        line(out, format_args!("[[case.step]]\n{}", step_line(step)));
    }
    for one in &case.expect {
        write_expectation(out, one);
    }
}

fn step_line(step: &Step) -> String {
    match step {
        Step::Send(bytes) => format!("send = '{bytes}'"),
        Step::Repeat { times, bytes } => {
            format!("repeat = {{ times = {times}, bytes = '{bytes}' }}")
        }
        Step::Wait(pause) => format!("wait = \"{}ms\"", pause.as_millis()),
        Step::Await(outcomes) => format!("await = \"{outcomes}\""),
        Step::AwaitSettings => "await = \"settings\"".to_owned(),
        Step::ShutdownWrite => "shutdown = \"write\"".to_owned(),
        Step::H2(frames) => format!("h2 = {}", frames_table(frames)),
    }
}

fn frames_table(frames: &Frames) -> String {
    let Frames { kind, flags, stream, payload } = frames;
    match payload {
        Payload::Octets(octets) => format!(
            "{{ frame = {{ type = {kind}, flags = {flags}, stream = {stream}, payload = '{octets}' }} }}"
        ),
        Payload::Block { fields, continuations } => {
            let field = |field: &Field| match field {
                Field::Standing => "['{standing}']".to_owned(),
                Field::Line(name, value) => format!("['{name}', '{value}']"),
            };
            let fields: Vec<String> = fields.iter().map(field).collect();
            let ends = flags & END_STREAM != 0;
            let list = fields.join(", ");
            format!(
                "{{ headers = [{list}], stream = {stream}, end-stream = {ends}, continuation = {continuations} }}"
            )
        }
    }
}

fn write_expectation(out: &mut String, one: &Expectation) {
    line(out, format_args!("[[case.expect]]\nstatus = \"{}\"", one.outcomes));
    line(out, format_args!("grade = \"{}\"", one.grade));
    if !one.codes.is_empty() {
        let codes: Vec<String> = one.codes.iter().map(ToString::to_string).collect();
        line(out, format_args!("code = \"{}\"", codes.join(" ")));
    }
    if let Some(alpn) = one.alpn {
        line(out, format_args!("alpn = \"{alpn}\""));
    }
    let fields: Vec<String> = one.fields.iter().map(matcher).collect();
    line(out, format_args!("fields = [{}]", fields.join(", ")));
    if let Some(connection) = one.connection {
        line(out, format_args!("connection = \"{connection}\""));
    }
    if let Some(tunnel) = one.tunnel {
        line(out, format_args!("tunnel = \"{tunnel}\""));
    }
    if let Some(requirement) = &one.requirement {
        line(out, format_args!("requirement = {}", text(requirement)));
    }
    if let Some(because) = &one.because {
        line(out, format_args!("because = {}", text(because)));
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
    };
    format!("{{ name = {}, {test} }}", text(&field.name))
}

fn line(out: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(out, "{line}").expect("a string takes it all");
}

fn texts<'t>(all: impl Iterator<Item = &'t String>) -> String {
    let all: Vec<String> = all.map(|one| text(one)).collect();
    format!("[{}]", all.join(", "))
}

/// A basic string of TOML.
fn text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..='\x1f' | '\x7f' => {
                write!(out, "\\u{:04X}", u32::from(c)).expect("a string takes it all");
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}
