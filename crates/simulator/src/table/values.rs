//! Columns in memory. Texts are positions in a list, so that a text is made once and not once a row.

/// A column of a table.
#[derive(Clone, Copy)]
pub(crate) enum Column<'rows> {
    Texts(&'rows Texts),
    Longs(&'rows Numbers<i64>),
    Ints(&'rows Numbers<i32>),
    Flags(&'rows [bool]),
}

/// Stands for a key without a text.
const NONE: u32 = u32::MAX;

/// A column of texts.
#[derive(Default)]
pub(crate) struct Texts {
    /// For each row that has one, the position of its text in the list.
    pub codes: Vec<u32>,
    /// Rows without one.
    pub missing: Vec<usize>,
    /// The list, one text after the other, and where each ends.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// By key, the position in the list.
    known: Vec<u32>,
    used: Vec<usize>,
}

impl Texts {
    /// Adds a row whose text is that of `key`; `write` makes it when it is new.
    pub fn push(&mut self, key: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if key >= self.known.len() {
            self.known.resize(key + 1, NONE);
        }
        if self.known[key] == NONE {
            self.known[key] = self.add(write);
            self.used.push(key);
        }
        self.codes.push(self.known[key]);
    }

    /// Adds a row with a text of its own.
    pub fn push_new(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let code = self.add(write);
        self.codes.push(code);
    }

    /// Adds a row without text.
    pub fn push_none(&mut self) {
        self.missing.push(self.rows());
    }

    fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> u32 {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
        u32::try_from(self.ends.len() - 1).unwrap_or_default()
    }

    pub fn rows(&self) -> usize {
        self.codes.len() + self.missing.len()
    }

    /// The texts of the list, in order.
    pub fn list(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|at| self.text(at))
    }

    /// The text at a position of the list.
    pub fn text(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).and_then(|it| self.ends.get(it)).copied().unwrap_or(0);
        let end = self.ends.get(at).copied().unwrap_or(start);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// Forgets all rows and texts, and keeps the room.
    pub fn clear(&mut self) {
        for key in self.used.drain(..) {
            self.known[key] = NONE;
        }
        self.codes.clear();
        self.missing.clear();
        self.bytes.clear();
        self.ends.clear();
    }
}

/// A column of numbers.
#[derive(Default)]
pub(crate) struct Numbers<N> {
    /// For each row that has one.
    pub values: Vec<N>,
    /// Rows without one.
    pub missing: Vec<usize>,
}

impl<N> Numbers<N> {
    pub fn push(&mut self, value: N) {
        self.values.push(value);
    }

    pub fn push_none(&mut self) {
        self.missing.push(self.values.len() + self.missing.len());
    }

    pub fn clear(&mut self) {
        self.values.clear();
        self.missing.clear();
    }
}

/// Writes the last `digits` digits of a number, zeros in front.
pub(crate) fn push_digits(out: &mut Vec<u8>, mut number: u64, digits: usize) {
    let start = out.len();
    out.resize(start + digits, b'0');
    for digit in out.iter_mut().skip(start).rev() {
        *digit += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}
