//! Which known word somebody meant: the one at the smallest edit distance.

use strsim::osa_distance;

/// The known word that is near enough to be what somebody meant.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Nobody mistypes a word of that length, and the distance to each known one takes its time.
    if word.len() > LONGEST {
        return None;
    }
    // A third of the letters may differ: more than that is another word.
    let allowed = (word.chars().count() / 3).max(1);
    let scored = known.into_iter().map(|candidate| (osa_distance(word, candidate), candidate));
    scored.filter(|(far, _)| *far <= allowed).min_by_key(|(far, _)| *far).map(|(_, near)| near)
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
        let known = ["requirement", "title", "name", "same-as", "see"];
        let rows = [
            ("requirment", Some("requirement")),
            ("requirements", Some("requirement")),
            ("same_as", Some("same-as")),
            ("sea", Some("see")),
            ("tilte", Some("title")),
            ("hazard", None),
            ("", None),
        ];
        for (word, meant) in rows {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(did_you_mean("sea", known).unwrap(), "did you mean `see`?");
        assert_eq!(did_you_mean("hazard", ["a", "b"]).unwrap(), "known are `a`, `b`");
        assert_eq!(did_you_mean("hazard", ["x"; 12]), None);
    }
}
