//! Which ids a pattern selects.

use std::borrow::Cow;

/// Whether a pattern selects an id: `*` stands for any text, `/` included, `?` for one character.
/// A pattern that ends where a part of the id ends selects all that is below: `server/key` selects
/// `server/key/fifteen-bytes`, and not `server/keys/one`. Braces hold alternatives, see [`alternatives`].
#[must_use]
pub fn matches(pattern: &str, id: &str) -> bool {
    alternatives(pattern).iter().any(|pattern| {
        let pattern = pattern.trim_end_matches('/').as_bytes();
        let mut ends = id.match_indices('/').map(|(at, _)| at).chain([id.len()]);
        ends.any(|end| matches_whole(pattern, &id.as_bytes()[..end]))
    })
}

/// Whether a pattern selects the id of a requirement. It may end where the number of a section ends: `rfc6455/4.2`
/// selects `rfc6455/4.2.1-key`, and not `rfc6455/4.21-x`.
#[must_use]
pub fn matches_rule(pattern: &str, id: &str) -> bool {
    alternatives(pattern).iter().filter(|pattern| pattern.starts_with("rfc")).any(|pattern| {
        let mut ends = id.match_indices(['/', '.', '-']).map(|(at, _)| at).chain([id.len()]);
        ends.any(|end| matches_whole(pattern.as_bytes(), &id.as_bytes()[..end]))
    })
}

/// What a pattern with braces stands for: `server/{key,host}` for `server/key` and `server/host`. They may stand
/// in each other; a brace without its partner is a letter. So are all where a pattern stands for too many.
#[must_use]
pub fn alternatives(pattern: &str) -> Vec<Cow<'_, str>> {
    if !pattern.contains('{') {
        return vec![pattern.into()];
    }
    let mut open = vec![pattern.to_owned()];
    let mut whole = Vec::new();
    while let Some(next) = open.pop() {
        match first_braces(&next) {
            _ if open.len() + whole.len() >= MOST_ALTERNATIVES => return vec![pattern.into()],
            None => whole.push(Cow::Owned(next)),
            Some((before, choices, after)) => {
                let choices = choices.into_iter().rev();
                open.extend(choices.map(|choice| format!("{before}{choice}{after}")));
            }
        }
    }
    whole
}

/// Whether a choice in the braces of a pattern is empty, so that it stands for whatever is before them.
#[must_use]
pub fn has_empty_alternative(pattern: &str) -> bool {
    first_braces(pattern).is_some_and(|(_, choices, after)| {
        let is_empty = |choice: &&str| choice.is_empty() || has_empty_alternative(choice);
        choices.iter().any(is_empty) || has_empty_alternative(after)
    })
}

/// The first braces of a pattern: what stands before them, the choices in them, and what follows.
fn first_braces(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    pattern.match_indices('{').find_map(|(begin, _)| {
        let inside = begin + 1;
        let (mut depth, mut from, mut choices) = (0, inside, Vec::new());
        for (at, letter) in pattern.bytes().enumerate().skip(inside) {
            match (letter, depth) {
                (b'{', _) => depth += 1,
                (b',' | b'}', 0) => {
                    choices.push(&pattern[from..at]);
                    from = at + 1;
                    if letter == b'}' {
                        return Some((&pattern[..begin], choices, &pattern[from..]));
                    }
                }
                (b'}', _) => depth -= 1,
                _ => {}
            }
        }
        None
    })
}

/// More than anybody writes on purpose.
const MOST_ALTERNATIVES: usize = 1000;

/// Greedy with one step back: a later `*` makes the earlier ones settled, so time is bounded by
/// the product of the lengths.
fn matches_whole(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(octet) if *octet == b'?' || *octet == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                star = Some((star_at, taken + 1));
                p = star_at + 1;
                t = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|octet| *octet == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_rules() {
        let id = "rfc6455/4.2.1-key";
        for pattern in [id, "rfc6455", "rfc6455/4", "rfc6455/4.2", "rfc6455/4.2.1", "rfc6455/*-key"]
        {
            assert!(matches_rule(pattern, id), "{pattern}");
        }
        for pattern in ["", "*", "rfc64", "rfc6455/4.2.", "rfc6455/4.2.1-k", "server/key"] {
            assert!(!matches_rule(pattern, id), "{pattern}");
        }
    }

    #[test]
    fn empty_alternatives() {
        for pattern in ["{}", "server/{key,}", "server/{,key}/*", "a/{b,{c,}}", "{a,b}/{}"] {
            assert!(has_empty_alternative(pattern), "{pattern}");
        }
        for pattern in ["server/{key,host}", "a/{b,{c,d}}", "a{", "a}", ""] {
            assert!(!has_empty_alternative(pattern), "{pattern}");
        }
    }

    #[test]
    fn patterns() {
        let id = "server/key/fifteen-bytes";
        let selected = [
            id,
            "server",
            "server/",
            "server/key",
            "*",
            "*/key",
            "server/*/fifteen-*",
            "*fifteen*",
            "server/k?y",
            "s*r/k*y",
            "*bytes",
            "server/key/*",
            "**",
            "server/{host,key}",
            "server/{host,key}/*",
            "{client,server/{key/f*,x}}",
            "server{,/none}",
        ];
        for pattern in selected {
            assert!(matches(pattern, id), "{pattern}");
        }
        for pattern in [
            "",
            "key",
            "server/ke",
            "server/k?",
            "*fourteen*",
            "server/key/*x",
            "?",
            "server/{host,ke}",
            "{server",
            "server}",
        ] {
            assert!(!matches(pattern, id), "{pattern}");
        }
        assert!(matches_rule("{rfc9112,rfc6455}/4.2", "rfc6455/4.2.1-key"));
        assert!(!matches_rule("{rfc9112,server}/4.2", "rfc6455/4.2.1-key"));
    }

    #[test]
    fn braces_stand_for_alternatives() {
        let many = "{a,b}".repeat(20);
        let rows: [(&str, &[&str]); 6] = [
            ("a", &["a"]),
            ("a/{b,c}/d", &["a/b/d", "a/c/d"]),
            ("{a,b}{c,d}", &["ac", "ad", "bc", "bd"]),
            ("{a,b{c,d}}", &["a", "bc", "bd"]),
            ("{a}, {b", &["a, {b"]),
            (&many, &[&many]),
        ];
        for (pattern, wanted) in rows {
            assert_eq!(alternatives(pattern), wanted, "{pattern}");
        }
    }
}
