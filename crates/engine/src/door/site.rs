//! From a host to a site of the public list, or to the reason why not.
//!
//! Lower case, registrable domain by the Public Suffix List, then the list. What is not listed is
//! dropped and nothing of it is stored; an encrypted host has the number of no site. An operator's own
//! list is matched letter by letter.

use std::collections::HashMap;

use reference::SiteList;

use super::tally::Reason;
use crate::vault::HIDDEN_SITE;

/// 65,536 hosts: a few megabytes; beyond, the memory starts afresh.
const REMEMBERED_MAX: usize = 1 << 16;

/// Looks hosts up, remembering what it found.
pub struct SiteFinder<'list> {
    list: &'list SiteList,
    exact: bool,
    remembered: HashMap<Box<str>, Result<u32, Reason>>,
}

impl<'list> SiteFinder<'list> {
    /// Looks up in `list`: whole values when `exact`, else registrable domains.
    #[must_use]
    pub fn new(list: &'list SiteList, exact: bool) -> Self {
        Self { list, exact, remembered: HashMap::new() }
    }

    /// The number of the host's site; [`HIDDEN_SITE`] where the record shows no host.
    ///
    /// # Errors
    /// The reason why there is none to store.
    pub fn find(&mut self, host: Option<&str>) -> Result<u32, Reason> {
        let Some(host) = host else { return Ok(HIDDEN_SITE) };
        if let Some(found) = self.remembered.get(host) {
            return *found;
        }
        let found = self.look_up(host);
        if self.remembered.len() >= REMEMBERED_MAX {
            self.remembered.clear();
        }
        self.remembered.insert(host.into(), found);
        found
    }

    /// The site of a registrable domain, else of a public suffix that it stands under: the list
    /// may name a suffix whole, as `gov.uk`.
    fn of_domain(&self, host: &str) -> Result<u32, Reason> {
        let registered = psl::domain_str(host);
        let mut name = registered.or(psl::suffix_str(host));
        while let Some(wider) = name {
            if let Some(site) = self.list.index_of(wider) {
                return Ok(site);
            }
            name = wider.split_once('.').map(|it| it.1);
        }
        Err(if registered.is_some() { Reason::UnlistedSite } else { Reason::BadHost })
    }

    fn look_up(&self, host: &str) -> Result<u32, Reason> {
        let site = if self.exact {
            self.list.index_of(host).ok_or(Reason::UnlistedSite)?
        } else {
            self.of_domain(&plain(host)?)?
        };
        let listed = usize::try_from(site).ok().and_then(|it| self.list.sites.get(it));
        match listed {
            Some(listed) if !listed.sensitive => Ok(site),
            _ => Err(Reason::SensitiveSite),
        }
    }
}

/// The bare name of a host, in lower case, without port and final dot.
fn plain(host: &str) -> Result<String, Reason> {
    if host.contains(['/', '?', '#', '@', '\\']) {
        return Err(Reason::HostWithPath);
    }
    let host = host.to_ascii_lowercase();
    let host = host.trim_end_matches('.');
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    };
    let letter = |it: char| it.is_alphanumeric() || "-_.".contains(it);
    let number = host.rsplit('.').next().is_none_or(|it| it.bytes().all(|it| it.is_ascii_digit()));
    if host.is_empty() || host.len() > 253 || number || !host.chars().all(letter) {
        return Err(Reason::BadHost);
    }
    Ok(host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_becomes_what_its_owner_registered() {
        let check = |host: &str, expected: Result<&str, Reason>| {
            let list = SiteList::from_csv(
                "domain,category,sensitive,weight\nbbc.co.uk,News,false,1\ngov.uk,State,false,1\n",
            );
            let list = list.unwrap();
            let found = SiteFinder::new(&list, false).find(Some(host));
            let expected = expected.map(|it| list.index_of(it).unwrap());
            assert_eq!(found, expected, "{host}");
        };
        check("News.BBC.co.uk", Ok("bbc.co.uk"));
        check("bbc.co.uk.", Ok("bbc.co.uk"));
        check("www.bbc.co.uk:443", Ok("bbc.co.uk"));
        check("www.bbc.co.uk/news", Err(Reason::HostWithPath));
        check("bbc.co.uk?q=1", Err(Reason::HostWithPath));
        check("user@bbc.co.uk", Err(Reason::HostWithPath));
        check("192.0.2.7", Err(Reason::BadHost));
        check("[2001:db8::1]", Err(Reason::BadHost));
        check("co.uk", Err(Reason::BadHost));
        check("www.gov.uk", Ok("gov.uk"));
        check("tax.service.gov.uk", Ok("gov.uk"));
        check("gov.uk", Ok("gov.uk"));
        check("notbbc.co.uk", Err(Reason::UnlistedSite));
        check("", Err(Reason::BadHost));
        check("two words.uk", Err(Reason::BadHost));
    }

    #[test]
    fn every_site_of_the_built_in_list_can_be_reached() {
        let list = SiteList::built_in();
        let mut finder = SiteFinder::new(list, false);
        for (number, site) in (0..).zip(&list.sites) {
            let expected = if site.sensitive { Err(Reason::SensitiveSite) } else { Ok(number) };
            let host = format!("www.{}", site.domain);
            assert_eq!(finder.find(Some(&host)), expected, "{host}");
        }
    }
}
