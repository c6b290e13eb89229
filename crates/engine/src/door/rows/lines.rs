//! Where rows begin in a file of plain CSV, noted while its bytes are digested, so that it is read in parts.
//!
//! A row ends with `\n`, `\r` or both, and an empty line is none, as for the CSV reader. A file with a
//! quote has no marks: inside quotes a line may end that ends no row, and only reading from the start tells.

/// 1 MiB from mark to mark: parts of any file of some size, and a few bytes for each.
const STEP_BYTES: u64 = 1 << 20;

/// The first byte of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Where it is in the file.
    pub offset: u64,
    /// Rows before it, the header among them.
    pub rows_before: u64,
}

/// Marks of the bytes so far.
#[derive(Debug)]
pub struct LineMarks {
    step: u64,
    marks: Vec<Mark>,
    quoted: bool,
    /// Bytes and rows so far; whether the last byte ended a row.
    bytes: u64,
    rows: u64,
    between: bool,
}

impl Default for LineMarks {
    fn default() -> Self {
        Self {
            step: STEP_BYTES,
            marks: Vec::new(),
            quoted: false,
            bytes: 0,
            rows: 0,
            between: true,
        }
    }
}

impl LineMarks {
    /// Goes on with the next bytes of the file.
    pub fn take(&mut self, bytes: &[u8]) {
        self.quoted |= bytes.contains(&b'"');
        let mut rest = bytes;
        while !self.quoted && !rest.is_empty() {
            let due = self.marks.last().map_or(self.step, |it| it.offset + self.step);
            rest = if self.bytes < due {
                let until = usize::try_from(due - self.bytes).unwrap_or(usize::MAX);
                let (now, later) = rest.split_at(until.min(rest.len()));
                self.rows += self.starts(now);
                self.pass(now);
                later
            } else {
                self.mark(rest)
            };
        }
    }

    /// The marks; none when a quote was seen.
    #[must_use]
    pub fn finish(self) -> Vec<Mark> {
        if self.quoted { Vec::new() } else { self.marks }
    }

    /// Marks the first row that begins in `bytes`; what is left behind it.
    fn mark<'bytes>(&mut self, bytes: &'bytes [u8]) -> &'bytes [u8] {
        let mut between = self.between;
        let start = bytes.iter().position(|byte| {
            let starts = between && !ends_row(*byte);
            between = ends_row(*byte);
            starts
        });
        let (passed, rest) = bytes.split_at(start.map_or(bytes.len(), |it| it + 1));
        self.pass(passed);
        if start.is_some() {
            self.marks.push(Mark { offset: self.bytes - 1, rows_before: self.rows });
            self.rows += 1;
        }
        rest
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.bytes += u64::try_from(bytes.len()).unwrap_or_default();
        self.between = bytes.last().map_or(self.between, |it| ends_row(*it));
    }

    /// How many rows begin in `bytes`.
    fn starts(&self, bytes: &[u8]) -> u64 {
        let first = bytes.first().is_some_and(|it| self.between && !ends_row(*it));
        let inside = bytes.windows(2).filter(|it| ends_row(it[0]) && !ends_row(it[1])).count();
        u64::from(first) + u64::try_from(inside).unwrap_or_default()
    }
}

const fn ends_row(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The marks of `text` at every `step` bytes, whatever pieces it comes in, beside those of a slow reader.
    fn check(text: &str, step: u64) -> Vec<Mark> {
        let bytes = text.as_bytes();
        let whole = || LineMarks { step, ..LineMarks::default() };
        let mut once = whole();
        once.take(bytes);
        let marks = once.finish();
        for size in 1..=bytes.len() {
            let mut pieces = whole();
            bytes.chunks(size).for_each(|it| pieces.take(it));
            assert_eq!(pieces.finish(), marks, "{text:?} in pieces of {size}");
        }
        for mark in &marks {
            let (before, rest) = text.split_at(usize::try_from(mark.offset).unwrap());
            let rows = before.split(['\n', '\r']).filter(|it| !it.is_empty()).count();
            assert_eq!(mark.rows_before, u64::try_from(rows).unwrap(), "{text:?}");
            assert!(before.ends_with(['\n', '\r']) && !rest.starts_with(['\n', '\r']), "{text:?}");
        }
        marks
    }

    #[test]
    fn marks_are_where_rows_begin() {
        assert_eq!(check("id\na\nb\nc\n", 4), [Mark { offset: 5, rows_before: 2 }]);
        assert_eq!(check("id\r\n\r\n\na\r\n\nb", 3).len(), 2);
        assert_eq!(check("one row of some length", 4), []);
        assert_eq!(check("\n\n\n\n", 1), []);
        let rows: Vec<String> =
            (0..40).map(|it| format!("{it},{}\n", "x".repeat(it % 7))).collect();
        let rows = rows.concat();
        assert!(check(&rows, 16).len() > 8);
    }

    #[test]
    fn a_quote_anywhere_means_no_marks() {
        assert_eq!(check("id\na\n\"b\nb\"\nc\n", 4), []);
        assert_eq!(check("id\na\nb\nc\nd\ne\"", 4), []);
    }
}
