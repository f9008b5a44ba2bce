//! The texts of the repository as HTML: headings get ids, names of what the site has become links.

use std::collections::BTreeMap;

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html::push_html};

use super::book::Book;
use super::page::Up;

/// A text, without the heading of level one that it may open with.
pub(super) fn markdown(text: &str, book: &Book, up: &Up) -> Markup {
    let mut writer = Writer { book, up, taken: BTreeMap::new(), column: None };
    let events: Vec<Event<'_>> = Parser::new_ext(body(text), Options::ENABLE_TABLES).collect();
    let mut out = Vec::new();
    for (at, event) in events.iter().enumerate() {
        writer.write(event, &events[at + 1..], &mut out);
    }
    let mut page = String::new();
    push_html(&mut page, out.into_iter());
    PreEscaped(page)
}

/// A section of a text by its heading, with the heading.
pub(super) fn section<'t>(text: &'t str, heading: &str) -> Option<&'t str> {
    let from = text.find(&format!("\n## {heading}\n"))? + 1;
    let rest = &text[from..];
    Some(rest[1..].find("\n## ").map_or(rest, |end| &rest[..=end + 1]))
}

/// The heading of level one, and what follows.
pub(super) fn title(text: &str) -> Option<&str> {
    text.strip_prefix("# ").and_then(|rest| rest.lines().next())
}

fn body(text: &str) -> &str {
    match title(text) {
        Some(_) => text.split_once('\n').map_or("", |(_, body)| body),
        None => text,
    }
}

struct Writer<'w> {
    book: &'w Book,
    up: &'w Up,
    /// The ids that headings have, and how often each was asked for.
    taken: BTreeMap<String, usize>,
    /// The column of a table's head or row.
    column: Option<usize>,
}

impl Writer<'_> {
    fn write<'e>(&mut self, event: &Event<'e>, rest: &[Event<'e>], out: &mut Vec<Event<'e>>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let id = Some(self.id(&words(rest)).into());
                let (classes, attrs) = (Vec::new(), Vec::new());
                out.push(Event::Start(Tag::Heading { level: *level, id, classes, attrs }));
            }
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                self.column = None;
                out.push(event.clone());
            }
            Event::Start(Tag::TableCell) => {
                let column = self.column.map_or(0, |column| column + 1);
                self.column = Some(column);
                out.push(event.clone());
                if rest.first() == Some(&Event::End(TagEnd::TableCell)) {
                    let name = if column == 0 { "id" } else { "more" };
                    let unseen = html! { span.unseen { (name) } };
                    out.push(Event::InlineHtml(unseen.into_string().into()));
                }
            }
            Event::Text(text) if self.column == Some(0) && is_decision(text) => {
                let anchor = html! { a id=(text) href={ "#" (text) } { (text) } };
                out.push(Event::InlineHtml(anchor.into_string().into()));
            }
            Event::Code(name) => out.push(self.code(name)),
            Event::End(TagEnd::Table) => {
                self.column = None;
                out.push(event.clone());
            }
            event => out.push(event.clone()),
        }
    }

    /// A name as a link, where the site has it.
    fn code<'e>(&self, name: &CowStr<'e>) -> Event<'e> {
        let Some(place) = self.book.place(name) else { return Event::Code(name.clone()) };
        let link = html! { a href=(self.up.to(&place)) { code { (name) } } };
        Event::InlineHtml(link.into_string().into())
    }

    /// An id that no other heading of the text has.
    fn id(&mut self, words: &str) -> String {
        let plain: String = words
            .to_lowercase()
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { ' ' })
            .collect();
        let id = plain.split_whitespace().collect::<Vec<_>>().join("-");
        let count = self.taken.entry(id.clone()).or_default();
        *count += 1;
        if *count == 1 { id } else { format!("{id}-{count}") }
    }
}

/// `P12`.
fn is_decision(text: &str) -> bool {
    let number = text.strip_prefix('P').unwrap_or_default();
    !number.is_empty() && number.chars().all(|c| c.is_ascii_digit())
}

/// The words of a heading, from behind its start.
fn words(rest: &[Event<'_>]) -> String {
    let inside = rest.iter().take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))));
    let text = inside.filter_map(|event| match event {
        Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
        _ => None,
    });
    text.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_found() {
        let text = "# A\n\nx\n\n## B\n\ny\n\n## C\n\nz\n";
        assert_eq!(section(text, "B"), Some("## B\n\ny\n\n"));
        assert_eq!(section(text, "C"), Some("## C\n\nz\n"));
        assert_eq!(section(text, "D"), None);
        assert_eq!((title(text), body(text)), (Some("A"), "\nx\n\n## B\n\ny\n\n## C\n\nz\n"));
    }
}
