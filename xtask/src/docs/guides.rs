//! The pages made of texts: where to start for whom, how to get it, policy and formats.

use std::fmt::Write as _;

use maud::{Markup, html};
use serde_json::Value;

use upspec_corpus::words::Word as _;

use super::book::{Book, ROLES, tested};
use super::markdown::{markdown, section, title};
use super::page::{Page, Up};

/// The pages made of texts.
pub(super) fn pages(book: &Book) -> Result<Vec<Page>, Vec<String>> {
    let mut pages = vec![index(book), formats(), case_files(book)?, report_json()?];
    for guide in GUIDES {
        pages.push(guide.page(book)?);
    }
    Ok(pages)
}

/// A page that opens with a text of its own and goes on with sections of the repository's texts.
struct Guide {
    path: &'static str,
    text: &'static str,
    /// File and heading.
    sections: &'static [(&'static str, &'static str)],
}

impl Guide {
    fn page(&self, book: &Book) -> Result<Page, Vec<String>> {
        let up = Up::from(self.path);
        let mut text = self.text.to_owned();
        for (file, heading) in self.sections {
            let section = section(book.text(file), heading);
            let section =
                section.ok_or_else(|| vec![format!("{file} has no section `{heading}`")])?;
            let _ = write!(text, "\n{section}");
        }
        let title = title(self.text).unwrap_or_default().to_owned();
        let body = html! { section.text { (markdown(&text, book, &up)) } };
        Ok(Page { path: self.path.to_owned(), title, body })
    }
}

const README: &str = "README.md";

const GUIDES: &[Guide] = &[
    Guide {
        path: "start-server.html",
        text: include_str!("guides/server.md"),
        sections: &[(README, "Test your server"), (README, "Read the result")],
    },
    Guide {
        path: "start-client.html",
        text: include_str!("guides/client.md"),
        sections: &[(README, "Test your client")],
    },
    Guide {
        path: "start-proxy.html",
        text: include_str!("guides/proxy.md"),
        sections: &[(README, "Test your proxy")],
    },
    Guide {
        path: "start-cases.html",
        text: include_str!("guides/cases.md"),
        sections: &[
            ("CONTRIBUTING.md", "Add a case"),
            ("CONTRIBUTING.md", "Add a requirement"),
            ("CONTRIBUTING.md", "Add a fault"),
            ("CONTRIBUTING.md", "Add a rule for every message"),
        ],
    },
    Guide { path: "get-it.html", text: "# Get it\n", sections: &[(README, "Get it")] },
    Guide {
        path: "ci.html",
        text: include_str!("guides/ci.md"),
        sections: &[(README, "Use it in CI")],
    },
    Guide {
        path: "more.html",
        text: "# Hunt, compare, be the faulty peer\n",
        sections: &[
            (README, "Hunt for more"),
            (README, "Compare servers"),
            (README, "A faulty peer by hand"),
            (README, "Not yet"),
        ],
    },
    Guide { path: "policy.html", text: "# Policy\n", sections: &[("cases/README.md", "Policy")] },
    Guide {
        path: "formats/reports.html",
        text: "# Reports\n",
        sections: &[
            ("reports/README.md", "Make one"),
            ("reports/README.md", "How to read a report"),
        ],
    },
];

fn index(book: &Book) -> Page {
    let path = "index.html".to_owned();
    let up = Up::from(&path);
    let (cases, rules) = (&book.corpus.cases, &book.corpus.requirements);
    let body = html! {
        section {
            p {
                "upspec tests servers, clients and proxies: what they do with HTTP Upgrade and the opening handshake of "
                "WebSocket, well-formed and malformed, requirement by requirement. " (cases.len()) " cases ask for "
                (rules.len()) " requirements of " (rules.documents().len()) " RFCs."
            }
            h2 { "Where to start" }
            ul.starts {
                @for (page, who, what) in STARTS {
                    li { a href=(up.to(page)) { (who) } p { (what) } }
                }
            }
            h2 { "Look something up" }
            ul.contents {
                @for role in ROLES {
                    li { a href={ (up.to("cases/index.html")) "#" (role.word()) } { "Cases for " (tested(role)) } ": what is sent, and which answers are lawful" }
                }
                @for (page, name, what) in PARTS { li { a href=(up.to(page)) { (name) } ": " (what) } }
            }
        }
    };
    Page { path, title: "upspec".to_owned(), body }
}

const STARTS: [(&str, &str, &str); 4] = [
    (
        "start-server.html",
        "I write a server",
        "One command against a port; the report leads with what to mend first.",
    ),
    (
        "start-client.html",
        "I write a client",
        "A command that connects is all that is asked of it.",
    ),
    (
        "start-proxy.html",
        "I run a proxy",
        "upspec stands at both ends and says what became of what passed.",
    ),
    ("start-cases.html", "I write cases", "A case is data: what is sent, and what may follow."),
];

const PARTS: [(&str, &str, &str); 7] = [
    (
        "requirements/index.html",
        "Requirements",
        "what the RFCs ask, with the cases and faults of each",
    ),
    ("policy.html", "Policy", "what was decided where the RFCs leave room, and why"),
    ("faults/index.html", "Faults", "what the reference server, client and proxy can do wrong"),
    ("presets.html", "Presets", "the graded answers that cases share"),
    ("commands/index.html", "Commands", "each command with its options"),
    ("formats/index.html", "Formats", "case files, reports and their schema"),
    ("more.html", "More", "the hunt, the comparison of servers, a faulty peer by hand"),
];

fn formats() -> Page {
    let path = "formats/index.html".to_owned();
    let up = Up::from(&path);
    let body = html! {
        section {
            ul.contents {
                li { a href=(up.to("formats/case-files.html")) { "Case files" } ": steps, bytes, expectations, presets, requirements" }
                li { a href=(up.to("formats/reports.html")) { "Reports" } ": how to make one, and how to read it" }
                li { a href=(up.to("formats/report-json.html")) { "The JSON report" } ": each key of its schema" }
                li { a href={ (up.to("ci.html")) "#the-baseline" } { "Baselines" } ", and " a href={ (up.to("start-server.html")) "#upspec-toml" } { code { "upspec.toml" } } }
            }
            h2 { "Formats of reports" }
            dl.options {
                @for format in upspec_report::FORMATS {
                    dt { code { (format.name) } }
                    dd { (format.about) }
                }
            }
        }
    };
    Page { path, title: "Formats".to_owned(), body }
}

/// All of the text on cases but the policy, which has a page of its own.
fn case_files(book: &Book) -> Result<Page, Vec<String>> {
    let path = "formats/case-files.html".to_owned();
    let up = Up::from(&path);
    let text = book.text("cases/README.md");
    let policy = section(text, "Policy");
    let policy =
        policy.ok_or_else(|| vec!["cases/README.md has no section `Policy`".to_owned()])?;
    let title = title(text).unwrap_or_default().to_owned();
    let text = text.replace(policy, "");
    let body = html! { section.text { (markdown(&text, book, &up)) } };
    Ok(Page { path, title, body })
}

/// The schema of reports, which a test of theirs keeps fresh; a heading for each kind of object in it.
fn report_json() -> Result<Page, Vec<String>> {
    let schema: Value = serde_json::from_str(include_str!("../../../reports/schema.json"))
        .map_err(|error| vec![error.to_string()])?;
    let kinds = schema.get("$defs").and_then(Value::as_object);
    let body = html! {
        section.text {
            p { (text(&schema, "description")) }
            p { "The schema itself is " code { "reports/schema.json" } " in the repository." }
            (keys(&schema))
            @for (name, kind) in kinds.into_iter().flatten() {
                h2 id=(name) { (name) }
                p { (text(kind, "description")) }
                (keys(kind))
                (choices(kind))
            }
        }
    };
    Ok(Page {
        path: "formats/report-json.html".to_owned(),
        title: "The JSON report".to_owned(),
        body,
    })
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The keys of an object.
fn keys(kind: &Value) -> Markup {
    let keys = kind.get("properties").and_then(Value::as_object);
    html! {
        @if let Some(keys) = keys {
            dl.options {
                @for (name, key) in keys {
                    dt { code { (name) } " " (shape(key)) }
                    dd { (text(key, "description")) }
                }
            }
        }
    }
}

/// The words that a text may be.
fn choices(kind: &Value) -> Markup {
    let choices = kind.get("oneOf").and_then(Value::as_array);
    html! {
        @if let Some(choices) = choices {
            dl.options {
                @for choice in choices {
                    dt { @if let Some(word) = choice.get("const") { code { (word.to_string()) } } @else { (shape(choice)) } }
                    dd { (text(choice, "description")) (keys(choice)) }
                }
            }
        }
    }
}

/// What a key holds, with a link where that is a kind of its own.
fn shape(key: &Value) -> Markup {
    if let Some(name) = text(key, "$ref").strip_prefix("#/$defs/") {
        return html! { a href={ "#" (name) } { (name) } };
    }
    if let Some(items) = key.get("items") {
        return html! { "list of " (shape(items)) };
    }
    if let Some(any) = key.get("anyOf").and_then(Value::as_array) {
        return html! { @for (at, one) in any.iter().enumerate() { @if at > 0 { " or " } (shape(one)) } };
    }
    let words = match key.get("type") {
        Some(Value::String(word)) => word.clone(),
        Some(Value::Array(words)) => {
            words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => key.get("const").map(ToString::to_string).unwrap_or_default(),
    };
    html! { span.gloss { (words) } }
}
