//! The public list of sites: the only names that a web release may carry.
//!
//! The built-in list and its weights are the project's own estimate of what is much visited in
//! Great Britain; no panel, ranking or traffic stands behind them.

mod csv;

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
    /// Relative popularity, public, positive; 1 when the list does not state it.
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
    /// What is wrong, with the name of the column.
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

    /// Reads a table with the columns `domain`, `category`, `sensitive` and, if wanted, `weight`
    /// and `label`, in any order; a field with a comma stands in quotes.
    ///
    /// # Errors
    /// [`SiteListError`] naming line and column: a column unknown, twice or missing, a field that
    /// cannot be read, a domain that stands twice, or no site at all.
    pub fn from_csv(text: &str) -> Result<Self, SiteListError> {
        csv::read(text).map(Self::of)
    }

    /// The list as [`Self::from_csv`] reads it.
    #[must_use]
    pub fn to_csv(&self) -> String {
        csv::write(&self.sites)
    }

    /// The number of a site by its domain.
    #[must_use]
    pub fn index_of(&self, domain: &str) -> Option<u32> {
        self.index.get(domain).copied()
    }

    /// The position of a site's category; `u16::MAX` for a number that is not there.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_list_is_whole_and_survives_a_round_trip() {
        let list = SiteList::built_in();
        assert_eq!((list.sites.len(), list.categories.len()), (220, 23));
        assert!(list.sites.iter().filter(|it| it.sensitive).count() >= 38);
        let again = SiteList::from_csv(&list.to_csv()).unwrap();
        assert_eq!(again.sites, list.sites);
        assert_eq!(again.hash(), list.hash());
    }

    #[test]
    fn a_site_is_found_by_its_domain_and_leads_to_its_category() {
        let list = SiteList::built_in();
        for (index, site) in (0..).zip(&list.sites) {
            assert_eq!(list.index_of(&site.domain), Some(index));
            let category = usize::from(list.category_index(index));
            assert_eq!(list.categories[category], site.category);
        }
        assert_eq!(list.index_of("nowhere.example"), None);
        assert_eq!(list.category_index(u32::MAX), u16::MAX);
    }
}
