//! Which known word somebody meant: the one at the smallest edit distance.

use strsim::osa_distance;

/// The known word that is near enough to be what somebody meant.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Nobody mistypes a word of that length, and the distance to each known one takes its time.
    if word.len() > LONGEST {
        return None;
    }
    // A third of the letters may differ, those of a path that both begin with not counted: more than
    // that is another word.
    let length = word.chars().count();
    let allowed = |known: &str| ((length - shared_path(word, known)) / 3).max(1);
    let scored = known.into_iter().map(|candidate| (osa_distance(word, candidate), candidate));
    let near = scored.filter(|(far, candidate)| *far <= allowed(candidate));
    near.min_by_key(|(far, _)| *far).map(|(_, near)| near)
}

/// How many characters of two words are the folders that both begin with: 7 of `server/key` and
/// `server/host`.
fn shared_path(one: &str, other: &str) -> usize {
    let shared = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).enumerate();
    shared.filter(|(_, (c, _))| *c == '/').last().map_or(0, |(at, _)| at + 1)
}

/// What to say of a word that is unknown, as a lower-case fragment: which known word was probably
/// meant, or all of them when there are few.
#[must_use]
pub fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(word, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.is_empty() || known.len() >= MANY => None,
        None => Some(format!("known are `{}`", known.join("`, `"))),
    }
}

/// The longest word that is looked at, in bytes.
const LONGEST: usize = 100;

/// From how many known words on listing them all helps nobody.
const MANY: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        let known = ["requirement", "title", "name", "same-as", "see", "server/key/absent"];
        let rows = [
            ("requirment", Some("requirement")),
            ("requirements", Some("requirement")),
            ("same_as", Some("same-as")),
            ("sea", Some("see")),
            ("tilte", Some("title")),
            ("hazard", None),
            ("", None),
            ("server/kye/absent", Some("server/key/absent")),
            ("server/key/quoted", None),
        ];
        for (word, meant) in rows {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(did_you_mean("sea", known).unwrap(), "did you mean `see`?");
        assert_eq!(did_you_mean("hazard", ["a", "b"]).unwrap(), "known are `a`, `b`");
        assert_eq!(did_you_mean("hazard", ["x"; 12]), None);
    }
}
