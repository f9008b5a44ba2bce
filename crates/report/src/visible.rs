//! Makes every octet and every character visible: what comes out is safe to show in a terminal.
//! HTML, XML and Markdown escape on top of this.

use std::fmt::Write as _;

/// Octets in the notation of case files: `\r \n \t \\ \xHH`, and printable ASCII as it is.
pub(crate) fn octets(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        push_octet(&mut text, byte);
    }
    text
}

/// Writes one octet in the notation of case files.
pub(crate) fn push_octet(text: &mut String, byte: u8) {
    match byte {
        b'\r' => text.push_str("\\r"),
        b'\n' => text.push_str("\\n"),
        b'\t' => text.push_str("\\t"),
        b'\\' => text.push_str("\\\\"),
        b' '..=b'~' => text.push(char::from(byte)),
        _ => write_to(text, format_args!("\\x{byte:02X}")),
    }
}

/// Text with `\u{…}` for every character that is invisible or moves what is visible. Backslashes
/// stay, so that escapes are not escaped again.
#[must_use]
pub fn text(from: &str) -> String {
    let mut text = String::with_capacity(from.len());
    for c in from.chars() {
        match c {
            '\r' => text.push_str("\\r"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            c if unseen(c) => write_to(&mut text, format_args!("\\u{{{:x}}}", u32::from(c))),
            c => text.push(c),
        }
    }
    text
}

/// A verdict as JSON spells it.
#[must_use]
pub fn verdict(verdict: upspec_judge::Verdict) -> &'static str {
    crate::words::verdict_word(verdict)
}

/// Writes into a string, which cannot fail.
pub(crate) fn write_to(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("writing into a String does not fail");
}

/// A number with its noun, in the plural unless it is one.
#[must_use]
pub fn counted(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}

/// Controls, characters that change the direction of what follows, those without a glyph, and the
/// noncharacters that XML 1.0 forbids.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff0}'..='\u{fffb}')
        || matches!(c, '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_octet_has_one_spelling() {
        let rows: [(&[u8], &str); 5] = [
            (b"GET / HTTP/1.1\r\n", "GET / HTTP/1.1\\r\\n"),
            (b"a\tb\\", "a\\tb\\\\"),
            (b"\x00\x1b[31m\x7f", "\\x00\\x1B[31m\\x7F"),
            (b"\xc3\xa4", "\\xC3\\xA4"),
            (b"<&>\"", "<&>\""),
        ];
        for (bytes, want) in rows {
            assert_eq!(octets(bytes), want);
        }
    }

    #[test]
    fn what_cannot_be_seen_is_spelled_out() {
        let rows = [
            ("plain – text ✓", "plain – text ✓"),
            ("a\r\nb\u{0}", "a\\r\\nb\\u{0}"),
            ("\u{1b}[2J\u{9b}0m", "\\u{1b}[2J\\u{9b}0m"),
            ("a\u{202e}b\u{200b}", "a\\u{202e}b\\u{200b}"),
            ("\u{ffff}\u{fffe}\u{1ffff}", "\\u{ffff}\\u{fffe}\\u{1ffff}"),
            ("already \\x00", "already \\x00"),
        ];
        for (from, want) in rows {
            assert_eq!(text(from), want);
        }
    }
}
