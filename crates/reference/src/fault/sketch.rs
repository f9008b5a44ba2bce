//! A request head taken apart into lines, so that a fault can misread it.
//! Never corrects anything by itself: what no fault touches is written as it came.

/// The lines of a request head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sketch {
    /// The request line.
    pub(super) start: Vec<u8>,
    /// The lines after it, without line ends.
    pub(super) lines: Vec<Vec<u8>>,
}

impl Sketch {
    /// Takes a head with its empty line apart.
    pub(super) fn of(head: &[u8]) -> Self {
        let mut lines = head
            .split(|&octet| octet == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec())
            .skip_while(Vec::is_empty);
        let start = lines.next().unwrap_or_default();
        let lines = lines.take_while(|line| !line.is_empty()).collect();
        Self { start, lines }
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut head = self.start.clone();
        head.extend_from_slice(b"\r\n");
        for line in &self.lines {
            head.extend_from_slice(line);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        head
    }

    /// The words of the request line.
    pub(super) fn words(&self) -> Vec<&[u8]> {
        self.start.split(|&octet| octet == b' ').collect()
    }

    /// Changes one word of a request line that has three.
    pub(super) fn set_word(&mut self, index: usize, word: &[u8]) {
        let mut words = self.words();
        if words.len() == 3 {
            words[index] = word;
            self.start = words.join(&b' ');
        }
    }

    /// The target, if the request line has three words.
    pub(super) fn target(&self) -> Option<&[u8]> {
        match self.words()[..] {
            [_, target, _] => Some(target),
            _ => None,
        }
    }

    pub(super) fn values(&self, name: &str) -> Vec<&[u8]> {
        let fields = self.lines.iter().filter_map(|line| field(line));
        fields.filter(|(other, _)| same(other, name)).map(|(_, value)| value).collect()
    }

    /// The value of a field that has exactly one line.
    pub(super) fn value(&self, name: &str) -> Option<Vec<u8>> {
        match self.values(name)[..] {
            [value] => Some(value.to_vec()),
            _ => None,
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        !self.values(name).is_empty()
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.lines.retain(|line| !is_named(line, name));
    }

    /// Makes the field one line with this value.
    pub(super) fn set(&mut self, name: &str, value: &[u8]) {
        let at = self.lines.iter().position(|line| is_named(line, name));
        self.remove(name);
        let line = [name.as_bytes(), b": ", value].concat();
        self.lines.insert(at.unwrap_or(self.lines.len()).min(self.lines.len()), line);
    }

    /// Keeps the first of the lines of a field.
    pub(super) fn keep_first(&mut self, name: &str) {
        if let [first, _, ..] = self.values(name)[..] {
            let first = first.to_vec();
            self.set(name, &first);
        }
    }

    /// Keeps the last of the lines of a field.
    pub(super) fn keep_last(&mut self, name: &str) {
        if let [_, .., last] = self.values(name)[..] {
            let last = last.to_vec();
            self.set(name, &last);
        }
    }
}

/// Name and value of a line, if it has a colon. White space around the name stays part of it, so
/// that no field is found where the line is folded or its name is not the name.
pub(super) fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&octet| octet == b':')?;
    Some((&line[..colon], line[colon + 1..].trim_ascii()))
}

fn is_named(line: &[u8], name: &str) -> bool {
    field(line).is_some_and(|(other, _)| same(other, name))
}

fn same(name: &[u8], other: &str) -> bool {
    name.eq_ignore_ascii_case(other.as_bytes())
}
