//! A page for each topic: what each case sends, which answers are lawful, and by which rule.

use maud::{Markup, html};
use upspec_corpus::case::{Case, Expectation, Grade, Hazard, Role};
use upspec_corpus::words::Word as _;
use upspec_corpus::{Bindings, Preset, Topic, show};

use super::book::{Book, Flaw, ROLES, fault_place, tested};
use super::page::{Page, Up, rule_link};

/// The pages on cases, and that of the presets.
pub(super) fn pages(book: &Book) -> Vec<Page> {
    let topics = book.corpus.topics.iter().map(|topic| topic_page(topic, book));
    topics.chain([index(book), presets(book)]).collect()
}

fn index(book: &Book) -> Page {
    let path = "cases/index.html".to_owned();
    let up = Up::from(&path);
    let body = html! {
        @for role in ROLES {
            @let prefix = format!("{}/", role.word());
            @let topics: Vec<&Topic> = book.corpus.topics.iter().filter(|one| one.id.starts_with(&prefix)).collect();
            @let count = book.corpus.cases.iter().filter(|case| case.role == role).count();
            section id=(role.word()) {
                h2 { "Cases for " (tested(role)) " " span.number { (count) } }
                ul.contents {
                    @for topic in topics {
                        li {
                            a href=(up.to(&format!("cases/{}.html", topic.id))) { code { (topic.id) } }
                            " " (topic.title) " " span.number { (book.cases_of(&topic.id).count()) }
                        }
                    }
                }
            }
        }
        div.sheet {
            p { "Many cases share their lawful answers: " a href=(up.to("presets.html")) { "the presets" } ". "
                "The format of the files: " a href=(up.to("formats/case-files.html")) { "case files" } "." }
        }
    };
    Page { path, title: "Cases".to_owned(), body }
}

fn topic_page(topic: &Topic, book: &Book) -> Page {
    let path = format!("cases/{}.html", topic.id);
    let up = Up::from(&path);
    let body = html! {
        div.sheet {
            p { (topic.title) }
            p.gloss { "Play them: " code { "upspec " (command(role_of(&topic.id))) " --only " (topic.id) } }
            ul.contents {
                @for case in book.cases_of(&topic.id) {
                    li { a href={ "#" (name(case)) } { (case.title) } }
                }
            }
        }
        @for case in book.cases_of(&topic.id) {
            section.entry id=(name(case)) { (entry(case, book, &up)) }
        }
    };
    Page { path, title: topic.id.clone(), body }
}

/// How a run of a role is asked for.
fn command(role: Role) -> &'static str {
    match role {
        Role::Client => "client --cmd 'CMD {url}'",
        Role::Intermediary => "proxy URL",
        Role::Server => "run URL",
    }
}

fn role_of(id: &str) -> Role {
    ROLES.into_iter().find(|role| id.starts_with(role.word())).unwrap_or_default()
}

fn name(case: &Case) -> &str {
    case.id.rsplit_once('/').map_or(&case.id, |(_, name)| name)
}

fn entry(case: &Case, book: &Book, up: &Up) -> Markup {
    html! {
        h2 { a href={ "#" (name(case)) } { (case.title) } }
        p.gloss { code { (case.id) } " · " code { (case.source.file) ":" (case.source.line) } }
        @if let Some(why) = &case.why { p { (why) } }
        (conditions(case))
        h3 { "What is sent" }
        pre { (show(case, &Bindings::example()).trim_end()) }
        h3 { "Answers" }
        (answers(&case.expect, book, up))
        p.gloss { (unnamed(case.role)) }
        @if let Some(twin) = &case.same_as {
            p { "The outcome is the same as that of " (up.case(twin)) "." }
        }
        @let presets: Vec<&Preset> = book.corpus.presets.iter().filter(|preset| uses(case, preset)).collect();
        @if !presets.is_empty() {
            p.gloss { "Shared by name: " @for preset in presets {
                a href={ (up.to("presets.html")) "#" (preset.name) } { code { (preset.name) } } " "
            } }
        }
        h3 { "Rules; a wrong answer breaks the first" }
        ul {
            @for id in std::iter::once(&case.requirement).chain(&case.see) {
                li { (rule(id, book, up)) }
            }
        }
        (caught(case, book, up))
    }
}

fn conditions(case: &Case) -> Markup {
    let words = |needs: &[upspec_corpus::case::Need]| {
        needs.iter().map(|need| need.word()).collect::<Vec<_>>().join(", ")
    };
    html! {
        @if !case.needs.is_empty() { p.gloss { "Needs: " (words(&case.needs)) "." } }
        @if !case.without.is_empty() { p.gloss { "For those without: " (words(&case.without)) "." } }
        @if case.hazard == Some(Hazard::Resource) {
            p.gloss { "It can hurt a weak server, so only " code { "--hazardous" } " plays it." }
        }
    }
}

/// What no alternative names.
fn unnamed(role: Role) -> &'static str {
    match role.unnamed() {
        Grade::Fail => "The first that matches counts; any other answer fails.",
        _ => "The first that matches counts; any other decides nothing.",
    }
}

fn answers(expect: &[Expectation], book: &Book, up: &Up) -> Markup {
    html! {
        ul.answers {
            @for one in expect {
                @let grade = one.grade.word();
                li {
                    span.badge.(grade) { (grade) }
                    div {
                        p { (upspec_report::describe(one)) }
                        @if let Some(because) = &one.because { p.gloss { (because) } }
                        @if let Some(id) = &one.requirement { p.gloss { "It misses " (up.requirement(book, id)) "." } }
                    }
                }
            }
        }
    }
}

fn rule(id: &str, book: &Book, up: &Up) -> Markup {
    html! {
        p { (up.requirement(book, id)) @if let Some(one) = book.corpus.requirements.get(id) { " " (rule_link(one)) } }
        @if let Some(one) = book.corpus.requirements.get(id) { p { (one.text) } }
    }
}

/// Whether the alternatives of a preset are among those of a case, one behind the other.
fn uses(case: &Case, preset: &Preset) -> bool {
    let same = |one: &Expectation, other: &Expectation| {
        (one.grade, &one.wants.status, &one.because)
            == (other.grade, &other.wants.status, &other.because)
    };
    let mut windows = case.expect.windows(preset.expect.len().max(1));
    windows.any(|window| window.iter().zip(&preset.expect).all(|(a, b)| same(a, b)))
}

/// The faults that the case catches, but for those that show in most answers.
fn caught(case: &Case, book: &Book, up: &Up) -> Markup {
    let own: Vec<&str> = book.caught_by(case).collect();
    let flaws: Vec<Flaw> =
        Book::faults(case.role).into_iter().filter(|flaw| own.contains(&flaw.name)).collect();
    html! {
        @if !flaws.is_empty() {
            h3 { "Faults that it catches" }
            ul {
                @for flaw in flaws {
                    li { a href=(up.to(&fault_place(case.role, flaw.name))) { code { (flaw.name) } } " " (flaw.summary) }
                }
            }
        }
    }
}

fn presets(book: &Book) -> Page {
    let path = "presets.html".to_owned();
    let up = Up::from(&path);
    let body = html! {
        div.sheet {
            p { "Sets of graded answers that many cases share by name." }
            ul.contents {
                @for preset in &book.corpus.presets {
                    li { a href={ "#" (preset.name) } { code { (preset.name) } } }
                }
            }
        }
        @for preset in &book.corpus.presets {
            section.entry id=(preset.name) {
                h2 { a href={ "#" (preset.name) } { (preset.name) } }
                p { (preset.text) }
                (answers(&preset.expect, book, &up))
            }
        }
    };
    Page { path, title: "Presets".to_owned(), body }
}
