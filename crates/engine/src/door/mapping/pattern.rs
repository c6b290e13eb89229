//! Which files a mapping claims: names with `*` and `?`, folder by folder.

/// A pattern such as `events/*.csv`; `*` and `?` do not cross a `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern with this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a file is claimed by its path relative to the source folder, with `/`.
    #[must_use]
    pub fn claims(&self, file: &str) -> bool {
        let (mut wanted, mut given) = (self.0.split('/'), file.split('/'));
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some(pattern), Some(name)) if fits(pattern.as_bytes(), name.as_bytes()) => {}
                _ => return false,
            }
        }
    }

    /// Whether a file is claimed by the end of its path: a file given by itself stands in no
    /// source folder.
    #[must_use]
    pub fn claims_end_of(&self, path: &str) -> bool {
        let depth = self.0.split('/').count();
        let parts: Vec<&str> = path.split('/').collect();
        let whole = parts.len().checked_sub(depth).and_then(|from| parts.get(from..));
        whole.is_some_and(|end| self.claims(&end.join("/")))
            || self.claims(parts.last().unwrap_or(&""))
    }
}

fn fits(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            fits(rest, name) || name.split_first().is_some_and(|(_, tail)| fits(pattern, tail))
        }
        (Some((b'?', rest)), Some((_, tail))) => fits(rest, tail),
        (Some((want, rest)), Some((have, tail))) => want == have && fits(rest, tail),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_in_its_folder() {
        let check = |pattern: &str, file: &str, claimed: bool| {
            assert_eq!(Pattern::new(pattern).claims(file), claimed, "{pattern} {file}");
        };
        check("events/*.csv", "events/2026-10-01.csv", true);
        check("events/*.csv", "events/old/2026-10-01.csv", false);
        check("events/*.csv", "events/2026-10-01.csv.gz", false);
        check("*.csv", "events/2026-10-01.csv", false);
        check("web/2026-1?-*.*", "web/2026-10-01.parquet", true);
        check("customers.csv", "customers.csv", true);
        check("customers.csv", "customers_csv", false);
    }

    #[test]
    fn a_single_file_is_known_by_the_end_of_its_path() {
        let pattern = Pattern::new("events/*.csv");
        assert!(pattern.claims_end_of("/raw/events/2026-10-01.csv"));
        assert!(!pattern.claims_end_of("/raw/web/2026-10-01.csv"));
        assert!(Pattern::new("*.csv").claims_end_of("/raw/web/2026-10-01.csv"));
    }
}
