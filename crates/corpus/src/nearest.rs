//! Which known word somebody meant: edit distance over a short list.
//! Never decides that a word is wrong.

/// The closest of the known words, when one is close enough to be what was meant.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    // Nobody mistypes a word of that length, and the distance to each known one takes its time.
    if word.len() > LONGEST {
        return None;
    }
    // A third of the letters may differ: more than that is another word.
    let allowed = (word.chars().count() / 3).max(1);
    let scored = known.into_iter().map(|candidate| (distance(word, candidate), candidate));
    scored.filter(|(far, _)| *far <= allowed).min_by_key(|(far, _)| *far).map(|(_, near)| near)
}

/// How many letters must be put in, taken out, changed or swapped with their neighbour (the
/// optimal string alignment distance).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let changed = last[j] + usize::from(x != y);
            row[j + 1] = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

/// The longest word that is looked at, in bytes.
const LONGEST: usize = 100;

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
    }
}
