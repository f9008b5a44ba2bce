//! What is wrong in a case file, where, and what to write instead.

use std::fmt;
use std::ops::Range;

use crate::case::Source;
use crate::nearest;

/// Why a set of case files could not be loaded: everything that was found, in the order of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong in a case file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where. Line and column are 0 when the file could not be read at all.
    pub place: Source,
    /// What is wrong, as a lower-case fragment.
    pub message: String,
    /// What to write instead, as a lower-case fragment.
    pub help: Option<String>,
    /// The line of the file.
    pub line: String,
    /// How many characters of the line are in trouble; at least one.
    pub width: usize,
}

/// The text of a file, and how to point into it.
#[derive(Clone, Debug)]
pub(crate) struct Text<'t> {
    /// The path as it is shown.
    pub(crate) file: &'t str,
    /// What is in the file.
    pub(crate) text: &'t str,
    /// Where each line but the first begins.
    lines: Vec<usize>,
}

impl<'t> Text<'t> {
    /// The text of this file.
    pub(crate) fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, lines: text.match_indices('\n').map(|(at, _)| at + 1).collect() }
    }

    /// Line and column of an offset.
    pub(crate) fn source(&self, offset: usize) -> Source {
        let start = self.line_start(offset);
        Source {
            file: self.file.to_owned(),
            line: self.lines.partition_point(|begins| *begins <= start) + 1,
            column: self.text[start..self.clamp(offset)].chars().count() + 1,
        }
    }

    /// A problem with the bytes in `span`.
    pub(crate) fn problem(&self, span: Range<usize>, message: impl Into<String>) -> Problem {
        let start = self.clamp(span.start);
        let line_start = self.line_start(start);
        let line = self.text[line_start..].split(['\n', '\r']).next().unwrap_or_default();
        let end = self.clamp(span.end).clamp(start, (line_start + line.len()).max(start));
        Problem {
            place: self.source(start),
            message: message.into(),
            help: None,
            line: line.to_owned(),
            width: self.text[start..end].chars().count().max(1),
        }
    }

    /// The text of a span as it is written in the file.
    pub(crate) fn slice(&self, span: Range<usize>) -> &'t str {
        self.text.get(span).unwrap_or_default()
    }

    fn line_start(&self, offset: usize) -> usize {
        self.text[..self.clamp(offset)].rfind('\n').map_or(0, |at| at + 1)
    }

    /// The nearest place before an offset that is inside the text and between two characters.
    fn clamp(&self, offset: usize) -> usize {
        let within = offset.min(self.text.len());
        (0..=within).rev().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0)
    }
}

impl Problem {
    /// A problem with a whole file or folder.
    pub(crate) fn unreadable(file: impl Into<String>, message: impl Into<String>) -> Self {
        let place = Source { file: file.into(), line: 0, column: 0 };
        Self { place, message: message.into(), help: None, line: String::new(), width: 1 }
    }

    /// Says what to write instead.
    pub(crate) fn say(&mut self, help: impl Into<String>) {
        self.help = Some(help.into());
    }

    /// Says which known word is nearest, or which ones there are when none is near.
    pub(crate) fn did_you_mean(&mut self, word: &str, known: &[&str]) {
        if let Some(help) = nearest::did_you_mean(word, known.iter().copied()) {
            self.say(help);
        }
    }
}

impl From<Problem> for LoadError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl std::error::Error for LoadError {}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

/// Prints place, message and help, then the line with a caret below the trouble.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Source { file, line, column } = &self.place;
        if *line == 0 {
            write!(f, "{}: {}", visible(file), visible(&self.message))?;
        } else {
            write!(f, "{}:{line}:{column}: {}", visible(file), visible(&self.message))?;
        }
        if let Some(help) = &self.help {
            write!(f, "; {}", visible(help))?;
        }
        if *line == 0 {
            return Ok(());
        }
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        let (shown, before) = window(&self.line, column.saturating_sub(1));
        let caret = "^".repeat(self.width.min(shown.chars().count().saturating_sub(before).max(1)));
        write!(f, "\n{margin} |\n{number} | {shown}\n{margin} | {:before$}{caret}", "")
    }
}

/// The part of a line around a character, and how many characters of it come before that one.
fn window(line: &str, at: usize) -> (String, usize) {
    let from = at.saturating_sub(WINDOW / 2);
    (visible(line).chars().skip(from).take(WINDOW).collect(), at - from)
}

/// Text for a terminal: a control character becomes one visible mark, so that columns stay.
fn visible(text: &str) -> String {
    let mark = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(mark).collect()
}

/// How many characters of a line are shown.
const WINDOW: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    fn render(text: &str, span: Range<usize>) -> String {
        Text::new("f.toml", text).problem(span, "trouble").to_string()
    }

    #[test]
    fn the_caret_is_below_the_trouble() {
        let rows = [
            ("ab\ncd = 3\n", 8..9, "f.toml:2:6: trouble\n  |\n2 | cd = 3\n  |      ^"),
            ("\u{e9}\u{e9}x", 4..5, "f.toml:1:3: trouble\n  |\n1 | \u{e9}\u{e9}x\n  |   ^"),
            ("a\x1bb\r\nz", 1..2, "f.toml:1:2: trouble\n  |\n1 | a\u{fffd}b\n  |  ^"),
            ("ab\ncd", 0..5, "f.toml:1:1: trouble\n  |\n1 | ab\n  | ^^"),
            ("", 0..0, "f.toml:1:1: trouble\n  |\n1 | \n  | ^"),
            ("ab", 9..20, "f.toml:1:3: trouble\n  |\n1 | ab\n  |   ^"),
        ];
        for (text, span, want) in rows {
            assert_eq!(render(text, span), want);
        }
    }

    #[test]
    fn a_long_line_is_cut_around_the_trouble() {
        let text = format!("{}!{}", "x".repeat(5000), "y".repeat(5000));
        let shown = render(&text, 5000..5001);
        assert!(shown.len() < 400, "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[2].find('!'), lines[3].find('^'));
    }
}
