//! The Connection field.

use super::Malformed;
use super::list::tokens;
use super::token::same_in_any_case;

/// ```text
/// Connection        = #connection-option
/// connection-option = token              RFC 9110 7.6.1
/// ```
pub fn options<'a>(
    values: impl IntoIterator<Item = &'a [u8]>,
) -> impl Iterator<Item = Result<&'a [u8], Malformed<'a>>> {
    tokens(values)
}

/// Whether one of the options is this one. Options are case-insensitive (RFC 9110 7.6.1).
#[inline]
pub fn contains_option<'a>(values: impl IntoIterator<Item = &'a [u8]>, option: &str) -> bool {
    let option = option.as_bytes();
    // Most senders write one option to a line, which needs no reading.
    values.into_iter().any(|value| same_in_any_case(value, option) || lists(value, option))
}

fn lists(value: &[u8], option: &[u8]) -> bool {
    options([value]).flatten().any(|found| same_in_any_case(found, option))
}

#[cfg(test)]
mod tests {
    use super::contains_option;

    #[test]
    fn rfc9110_7_6_1_options() {
        let rows: [(&[&str], bool); 9] = [
            (&["Upgrade"], true),
            (&["keep-alive, uPGRADE"], true),
            (&["keep-alive", "upgrade"], true),
            (&[",upgrade,"], true),
            (&[], false),
            (&[""], false),
            (&["upgrades"], false),
            (&["\"upgrade\""], false),
            (&["keep-alive upgrade"], false),
        ];
        for (values, want) in rows {
            let got = contains_option(values.iter().map(|value| value.as_bytes()), "upgrade");
            assert_eq!(got, want, "{values:?}");
        }
    }
}
