//! The public list of sites: the only names that a web release may carry.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::pack;

/// A site on the public list.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// Registrable domain, or the key of an operator's own list.
    pub domain: String,
    /// Category.
    pub category: String,
    /// Whether visits are dropped at the door.
    pub sensitive: bool,
    /// Relative popularity, public, positive.
    pub weight: f64,
    /// What to call it on a page; the domain when there is nothing better.
    pub label: String,
}

/// A list of sites; the position of a site is its number in the vault.
#[derive(Clone, Debug)]
pub struct SiteList {
    /// The sites, in the order of the list.
    pub sites: Vec<Site>,
    /// The categories, sorted.
    pub categories: Vec<String>,
    index: BTreeMap<String, u32>,
}

/// A list that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}; allowed: {allowed}")]
pub struct SiteListError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What would have been accepted.
    pub allowed: &'static str,
}

static BUILT_IN: LazyLock<SiteList> =
    LazyLock::new(|| SiteList::from_csv(pack::SITES).unwrap_or_else(|_| SiteList::of(Vec::new())));

impl SiteList {
    /// The list that the product ships.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// A list of these sites.
    #[must_use]
    pub fn of(sites: Vec<Site>) -> Self {
        let mut categories: Vec<String> = sites.iter().map(|it| it.category.clone()).collect();
        categories.sort();
        categories.dedup();
        let index = (0..).zip(&sites).map(|(at, site)| (site.domain.clone(), at)).collect();
        Self { sites, categories, index }
    }

    /// Reads `domain,category,sensitive,weight` with an optional `label`.
    ///
    /// # Errors
    /// [`SiteListError`] naming the line: a wrong header, a field that cannot be read, a domain
    /// that stands twice, or no site at all.
    pub fn from_csv(text: &str) -> Result<Self, SiteListError> {
        const HEADER: &str = "domain,category,sensitive,weight";
        let wrong = |line: usize, what: String, allowed| SiteListError { line, what, allowed };
        let mut lines = (1..).zip(text.lines());
        let header = lines.next().map_or("", |it| it.1);
        if header != HEADER && header != "domain,category,sensitive,weight,label" {
            return Err(wrong(1, format!("the header is `{header}`"), HEADER));
        }
        let mut sites: Vec<Site> = Vec::new();
        let mut seen = BTreeMap::new();
        for (line, row) in lines.filter(|it| !it.1.is_empty()) {
            let site = site(row).ok_or_else(|| {
                let allowed = "a domain, a category, true or false, a positive weight";
                wrong(line, format!("`{row}` is not a site"), allowed)
            })?;
            if let Some(first) = seen.insert(site.domain.clone(), line) {
                let what = format!("`{}` stands in line {first} already", site.domain);
                return Err(wrong(line, what, "each domain once"));
            }
            sites.push(site);
        }
        if sites.is_empty() {
            return Err(wrong(2, "the list is empty".to_owned(), "one site or more"));
        }
        Ok(Self::of(sites))
    }

    /// The list as [`Self::from_csv`] reads it.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = "domain,category,sensitive,weight,label\n".to_owned();
        for site in &self.sites {
            let quoted = |field: &str| {
                if field.contains([',', '"']) {
                    format!("\"{}\"", field.replace('"', "\"\""))
                } else {
                    field.to_owned()
                }
            };
            let (domain, category, label) =
                (quoted(&site.domain), quoted(&site.category), quoted(&site.label));
            let (sensitive, weight) = (site.sensitive, site.weight);
            text.push_str(&format!("{domain},{category},{sensitive},{weight},{label}\n"));
        }
        text
    }

    /// The number of a site by its domain.
    #[must_use]
    pub fn index_of(&self, domain: &str) -> Option<u32> {
        self.index.get(domain).copied()
    }

    /// The position of a site's category; the last one for a number that is not there.
    #[must_use]
    pub fn category_index(&self, site: u32) -> u16 {
        let site = usize::try_from(site).ok().and_then(|it| self.sites.get(it));
        let at = site.and_then(|it| self.categories.binary_search(&it.category).ok());
        at.and_then(|it| u16::try_from(it).ok()).unwrap_or(u16::MAX)
    }

    /// Digest of the list, in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        blake3::hash(self.to_csv().as_bytes()).to_hex().to_string()
    }
}

fn site(row: &str) -> Option<Site> {
    let fields = fields(row)?;
    let [domain, category, sensitive, weight, rest @ ..] = fields.as_slice() else { return None };
    let weight: f64 = weight.parse().ok().filter(|it: &f64| it.is_finite() && *it > 0.0)?;
    let label = match rest {
        [] => domain,
        [label] => label,
        _ => return None,
    };
    (!domain.is_empty() && !category.is_empty()).then_some(Site {
        domain: domain.clone(),
        category: category.clone(),
        sensitive: sensitive.parse().ok()?,
        weight,
        label: label.clone(),
    })
}

/// The fields of one CSV line; `None` when a quote does not close.
fn fields(row: &str) -> Option<Vec<String>> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = row.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' if quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    (!quoted).then_some(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_is_whole_and_survives_a_round_trip() {
        let list = SiteList::built_in();
        assert!(list.sites.len() >= 200 && list.categories.len() > 15);
        assert!(list.sites.iter().any(|it| it.sensitive));
        let again = SiteList::from_csv(&list.to_csv()).unwrap();
        assert_eq!(again.sites, list.sites);
        assert_eq!(again.hash(), list.hash());
        assert_eq!(list.index_of("nowhere.example"), None);
    }

    #[test]
    fn a_wrong_list_says_which_line() {
        let check = |text: &str, line: usize| {
            assert_eq!(SiteList::from_csv(text).unwrap_err().line, line, "{text}");
        };
        check("", 1);
        check("domain,category\n", 1);
        check("domain,category,sensitive,weight\n", 2);
        check("domain,category,sensitive,weight\na.uk,News,perhaps,1\n", 2);
        check("domain,category,sensitive,weight\na.uk,News,false,1\na.uk,News,false,1\n", 3);
        check("domain,category,sensitive,weight\na.uk,News,false,-1\n", 2);
        check("domain,category,sensitive,weight\n\"a.uk,News,false,1\n", 2);
    }
}
