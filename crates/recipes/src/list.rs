//! Comma-separated lists as texts: split, changed, joined.
//! Ignores quoted strings, so an edit may cut one.

use crate::text::{Text, Unit};
use crate::words::Place;

/// The elements of a list without the white space around them.
pub(crate) fn elements(value: &Text) -> Vec<Text> {
    value.split(b',').iter().map(Text::trim).collect()
}

/// Elements with a comma and a space between each two.
pub(crate) fn joined(elements: &[Text]) -> Text {
    let mut value = Text::default();
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            value.append(&Text::from(", "));
        }
        value.append(element);
    }
    value
}

/// An element of its own at a place.
pub(crate) fn insert(list: &mut Vec<Text>, place: Place, element: &Text) {
    let at = match place {
        Place::First => 0,
        Place::Middle => list.len() / 2,
        Place::Last => list.len(),
    };
    list.insert(at, element.clone());
}

/// The element at a place once more.
pub(crate) fn double(list: &mut Vec<Text>, place: Place) {
    let at = at(list, place);
    list.insert(at, list[at].clone());
}

/// Without the element at a place; an empty list keeps its one empty element.
pub(crate) fn remove(list: &mut Vec<Text>, place: Place) {
    list.remove(at(list, place));
}

/// White space on both sides of each such octet, and no other there.
pub(crate) fn spaced(value: &Text, octet: u8, white: &Text) -> Text {
    let mut spaced = Text::default();
    for (index, part) in value.split(octet).iter().enumerate() {
        if index > 0 {
            spaced.append(white);
            spaced.0.push(Unit::Octet(octet));
            spaced.append(white);
        }
        spaced.append(&part.trim());
    }
    spaced
}

/// A list that was taken apart has one element at least.
fn at(list: &[Text], place: Place) -> usize {
    match place {
        Place::First => 0,
        Place::Middle => list.len() / 2,
        Place::Last => list.len() - 1,
    }
}
