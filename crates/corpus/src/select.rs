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
