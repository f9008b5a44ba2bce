//! A page for each command, from the words that `--help` prints.

use clap::{Arg, Command};
use maud::{Markup, html};

use super::book::Book;
use super::page::{Page, Up};

/// The pages on commands.
pub(super) fn pages(book: &Book) -> Vec<Page> {
    let mut pages = vec![index(&book.command)];
    for command in visible(&book.command) {
        below(command, &[], &mut pages);
    }
    pages
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|one| !one.is_hide_set() && one.get_name() != "help")
}

/// The page of a command, and those of its own commands.
fn below(command: &Command, over: &[&str], pages: &mut Vec<Page>) {
    let names = [over, &[command.get_name()]].concat();
    pages.push(page(command, &names));
    for one in visible(command) {
        below(one, &names, pages);
    }
}

fn index(command: &Command) -> Page {
    let path = "commands/index.html".to_owned();
    let body = html! {
        section {
            (list(command, &[]))
            (options(command))
            (note(command))
        }
    };
    Page { path, title: "Commands".to_owned(), body }
}

fn page(command: &Command, names: &[&str]) -> Page {
    let path = format!("commands/{}.html", names.join("-"));
    let usage = command.clone().render_usage().to_string();
    let body = html! {
        section {
            p { (about(command)) }
            pre { (usage) }
            (list(command, names))
            (options(command))
            (note(command))
        }
    };
    Page { path, title: format!("upspec {}", names.join(" ")), body }
}

fn about(command: &Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about());
    about.map(ToString::to_string).unwrap_or_default()
}

/// The commands below one.
fn list(command: &Command, names: &[&str]) -> Markup {
    let up = Up::from("commands/");
    html! {
        @if visible(command).next().is_some() {
            h2 { "Commands" }
            ul.contents {
                @for one in visible(command) {
                    @let names = [names, &[one.get_name()]].concat();
                    li {
                        a href=(up.to(&format!("commands/{}.html", names.join("-")))) { code { "upspec " (names.join(" ")) } }
                        " " (about(one))
                    }
                }
            }
        }
    }
}

/// What a command takes, below the headings that its help has.
fn options(command: &Command) -> Markup {
    let shown: Vec<&Arg> = command.get_arguments().filter(|one| !one.is_hide_set()).collect();
    let mut headings: Vec<&str> = Vec::new();
    for heading in shown.iter().map(|one| heading(one)) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    html! {
        @for title in headings {
            h2 { (title) }
            dl.options {
                @for one in shown.iter().filter(|one| heading(one) == title) { (option(one)) }
            }
        }
    }
}

fn heading(arg: &Arg) -> &str {
    match arg.get_help_heading() {
        Some(heading) => heading,
        None if arg.is_positional() => "Arguments",
        None => "Options",
    }
}

fn option(arg: &Arg) -> Markup {
    let id = arg.get_long().unwrap_or(arg.get_id().as_str());
    let help = arg.get_long_help().or_else(|| arg.get_help());
    let defaults: Vec<_> =
        arg.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    let values = arg.get_possible_values();
    let takes_values = arg.get_num_args().is_none_or(|count| count.takes_values());
    html! {
        dt id=(id) { a href={ "#" (id) } { code { (spelling(arg)) } } }
        dd {
            @if let Some(help) = help { p { (help.to_string()) } }
            @if takes_values && !defaults.is_empty() && !arg.is_hide_default_value_set() {
                p.gloss { "Without it: " code { (defaults.join(" ")) } }
            }
            @if takes_values && !values.is_empty() {
                ul {
                    @for value in values.iter().filter(|value| !value.is_hide_set()) {
                        li { code { (value.get_name()) } @if let Some(help) = value.get_help() { " " (help.to_string()) } }
                    }
                }
            }
        }
    }
}

/// `-j, --jobs <JOBS>`.
fn spelling(arg: &Arg) -> String {
    let names: Vec<String> =
        arg.get_value_names().unwrap_or_default().iter().map(|name| format!("<{name}>")).collect();
    let value = match arg.get_num_args() {
        Some(count) if !count.takes_values() => String::new(),
        _ => names.join(" "),
    };
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let spellings: Vec<String> = short.into_iter().chain(long).collect();
    format!("{} {value}", spellings.join(", ")).trim().to_owned()
}

fn note(command: &Command) -> Markup {
    let note = command.get_after_long_help().or_else(|| command.get_after_help());
    html! { @if let Some(note) = note { pre { (note.to_string()) } } }
}
