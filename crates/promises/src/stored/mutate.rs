//! Changes JSON in a few places, so that much of it is still in order.

use serde_json::Value;

/// Takes six octets for each change: where, how, and with what.
pub(super) fn mutate(json: &mut Value, entropy: &[u8]) {
    for six in entropy.chunks_exact(6).take(MOST) {
        let place = u32::from_le_bytes([six[0], six[1], six[2], 0]);
        let [.., how, low, high] = *six else { continue };
        let mut left = usize::try_from(place).unwrap_or_default() % count(json).max(1);
        at(json, &mut left, &mut |value| change(value, how, u16::from_le_bytes([low, high])));
    }
}

/// How many values there are, with those inside of others.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(all) => all.iter().map(count).sum(),
        Value::Object(all) => all.values().map(count).sum(),
        _ => 0,
    }
}

/// Finds a value by its number, and does this with it.
fn at(value: &mut Value, left: &mut usize, act: &mut dyn FnMut(&mut Value)) {
    let is_here = *left == 0;
    *left = left.wrapping_sub(1);
    if is_here {
        act(value);
        return;
    }
    let inside: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Array(all) => Box::new(all.iter_mut()),
        Value::Object(all) => Box::new(all.values_mut()),
        _ => return,
    };
    for one in inside {
        if *left == usize::MAX {
            return;
        }
        at(one, left, act);
    }
}

fn change(value: &mut Value, how: u8, with: u16) {
    let place = usize::from(with);
    match value {
        Value::Null => *value = Value::from(with),
        Value::Bool(is_so) => *is_so = !*is_so,
        Value::Number(number) => {
            let numbers =
                [u64::from(with), u64::MAX, i64::MAX as u64, 1 << 53, 0, u64::from(u32::MAX)];
            let known = number.as_u64().unwrap_or_default();
            *value = match how % 8 {
                6 => Value::from(known.wrapping_add(1)),
                7 => Value::from(known.wrapping_sub(1)),
                chosen => Value::from(numbers[usize::from(chosen)]),
            };
        }
        Value::String(text) => match how % 5 {
            0 => text.clear(),
            1 => {
                let cut = text.char_indices().nth(place % (text.len() + 1)).map(|(at, _)| at);
                text.truncate(cut.unwrap_or_default());
            }
            2 => *text = ODD[place % ODD.len()].to_owned(),
            3 => text.push_str(ODD[place % ODD.len()]),
            _ => *text = text.repeat(2),
        },
        Value::Array(all) => match (how % 4, all.len()) {
            (0, _) | (_, 0) => all.clear(),
            (1, length) => drop(all.remove(place % length)),
            (2, length) => all.push(all[place % length].clone()),
            (_, length) => all.swap(0, place % length),
        },
        Value::Object(all) => {
            let name = all.keys().nth(place % all.len().max(1)).cloned().unwrap_or_default();
            match how % 3 {
                0 => drop(all.remove(&name)),
                1 => drop(all.insert("odd".to_owned(), Value::Null)),
                _ => *value = Value::Null,
            }
        }
    }
}

const ODD: &[&str] = &[
    "\0",
    "\u{1b}[2J",
    "</script>",
    "]]>",
    "|",
    "\u{202e}",
    "AAAA",
    "=",
    "é",
    "/",
    "server/x/y",
    "rfc6455/4.2.1-key",
    "101",
    "wrote",
    "read",
    "read-unkept",
    "wrote-unkept",
    "deadline",
    "fail",
    "pass",
    "intermediary",
    "client",
    "http2",
    "9999-12-31T23:59:59Z",
    "-009999-01-01T00:00:00Z",
];
const MOST: usize = 5;
