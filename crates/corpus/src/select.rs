//! Which ids a pattern selects.

/// Whether a pattern selects an id: `*` stands for any text, `/` included, `?` for one character.
/// A pattern that ends where a part of the id ends selects all that is below: `server/key` selects
/// `server/key/fifteen-bytes`, and not `server/keys/one`.
#[must_use]
pub fn matches(pattern: &str, id: &str) -> bool {
    let pattern = pattern.trim_end_matches('/');
    let ends = id.match_indices('/').map(|(at, _)| at).chain([id.len()]);
    ends.into_iter().any(|end| matches_whole(pattern.as_bytes(), &id.as_bytes()[..end]))
}

/// Whether a pattern selects the id of a requirement. It may end where the number of a section ends: `rfc6455/4.2`
/// selects `rfc6455/4.2.1-key`, and not `rfc6455/4.21-x`.
#[must_use]
pub fn matches_rule(pattern: &str, id: &str) -> bool {
    let ends = id.match_indices(['/', '.', '-']).map(|(at, _)| at).chain([id.len()]);
    pattern.starts_with("rfc")
        && ends.into_iter().any(|end| matches_whole(pattern.as_bytes(), &id.as_bytes()[..end]))
}

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
        ];
        for pattern in selected {
            assert!(matches(pattern, id), "{pattern}");
        }
        for pattern in ["", "key", "server/ke", "server/k?", "*fourteen*", "server/key/*x", "?"] {
            assert!(!matches(pattern, id), "{pattern}");
        }
    }
}
