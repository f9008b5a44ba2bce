//! Files of text as they are read, and what is wrong with them in a few words: never more memory than a bound, never a
//! copy of the file in a message.

use std::fs::File;
use std::io::{self, Error, ErrorKind, Read as _};
use std::path::Path;

/// Reads a file of text.
///
/// # Errors
/// What the system says; the place of the first octet that is no UTF-8; and that the file is beyond all bounds, which a
/// device without an end is.
pub fn read(path: &Path) -> io::Result<String> {
    let mut octets = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut octets)?;
    if octets.len() as u64 > MOST {
        let why = format!("it has more than {} MB", MOST >> 20);
        return Err(Error::new(ErrorKind::FileTooLarge, why));
    }
    String::from_utf8(octets).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let why = format!("{}: this is no UTF-8", place(&String::from_utf8_lossy(valid)));
        Error::new(ErrorKind::InvalidData, why)
    })
}

/// An error of TOML with its place, and with the line that it is about unless that is long.
#[must_use]
pub fn toml_error(error: &toml::de::Error, text: &str) -> String {
    let told = error.to_string();
    if told.len() <= LONGEST {
        return told.trim_end().to_owned();
    }
    let start = error.span().map_or(0, |span| span.start);
    format!("{}: {}", place(text.get(..start).unwrap_or_default()), error.message())
}

/// The place behind this text: its line and column, each counted from 1.
fn place(before: &str) -> String {
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    format!("line {line}, column {column}")
}

/// The most octets that a file may have; the reports of many thousands of cases have a few hundred million.
const MOST: u64 = 1 << 30;
/// The longest message that shows the line.
const LONGEST: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_has_a_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"one\ntw\xc3\xa4\xff").unwrap();
        let why = read(&path).unwrap_err();
        assert_eq!(why.to_string(), "line 2, column 4: this is no UTF-8");
        std::fs::write(&path, "one\ntw\u{e4}").unwrap();
        assert_eq!(read(&path).unwrap(), "one\ntw\u{e4}");
        assert_eq!(read(&folder.path().join("none")).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_long_line_is_not_repeated() {
        let told = |text: &str| toml_error(&toml::from_str::<toml::Table>(text).unwrap_err(), text);
        let short = told("a = 1\nb = ");
        assert!(short.contains("line 2, column 5") && short.contains("b = "), "{short}");
        let long = told(&format!("a = 1\nb = {}", "[".repeat(100_000)));
        assert!(long.starts_with("line 2, column 85: ") && long.len() < 200, "{long}");
    }
}
