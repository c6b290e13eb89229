//! Releases of earlier periods, as the ledger has them: what a plan may know beforehand.

use jiff::civil::Date;
use ledger::disk::Machine;
use ledger::{Charge, History, State};

use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::publish::{Manifest, Publication};
use crate::time::Period;

/// The releases of one product, the first charge first.
pub struct Earlier<'run> {
    instance: &'run Instance,
    releases: Vec<(Charge, Period, ledger::Publication)>,
}

impl<'run> Earlier<'run> {
    /// What the ledger has published of `product`.
    #[must_use]
    pub fn of(instance: &'run Instance, history: &History, product: &str) -> Self {
        let own = history.charges().into_iter().filter(|it| it.charge.product == product);
        let published = own.filter_map(|it| match it.state {
            State::Published(published) => {
                let period = it.charge.period.parse().ok()?;
                Some((it.charge, period, published))
            }
            State::Abandoned => None,
        });
        Self { instance, releases: published.collect() }
    }

    /// The newest release of a period before `period`.
    ///
    /// # Errors
    /// A fault when its folder is not what was published.
    pub fn newest(&self, period: Period) -> Result<Option<Publication>> {
        let newest = self.releases.iter().filter(|it| it.1 < period).max_by_key(|it| it.1);
        newest.map(|it| self.read(&it.2)).transpose()
    }

    /// The release whose numbers weigh the cells of a snapshot of `period`; none: people count whole.
    ///
    /// (1) What weighed a release of the same snapshot, so that asking again is the same question. (2) What
    /// weighed the first clipped release of the year, as far as it is of an earlier period: weights stay the
    /// same for a product year (privacy model §2). (3) The last period of an earlier year, else the first of
    /// this one; of several releases of one period the first.
    ///
    /// # Errors
    /// As [`Self::newest`].
    pub fn weighing(&self, period: Period, snapshot: &str) -> Result<Option<Publication>> {
        let same = self.releases.iter().find(|it| it.1 == period && it.0.snapshot == snapshot);
        if let Some(same) = same {
            return match self.weighed_by(&same.2)? {
                Some(id) => self.named(&id),
                None => Ok(None),
            };
        }
        let year = |period: Period| Date::year(period.first_day());
        let (own, past): (Vec<_>, Vec<_>) =
            self.releases.iter().partition(|it| year(it.1) == year(period));
        for it in &own {
            let Some(id) = self.weighed_by(&it.2)? else { continue };
            let weighing = self.releases.iter().find(|it| it.2.release == id);
            return match weighing.filter(|it| it.1 < period) {
                Some(weighing) => self.read(&weighing.2).map(Some),
                None => Ok(None),
            };
        }
        // The first charge of equal periods.
        let last = past.iter().filter(|it| it.1 < period).rev().max_by_key(|it| it.1);
        let first = own.iter().filter(|it| it.1 < period).min_by_key(|it| it.1);
        last.or(first).map(|it| self.read(&it.2)).transpose()
    }

    fn named(&self, id: &str) -> Result<Option<Publication>> {
        let named = self.releases.iter().find(|it| it.2.release == id).ok_or_else(|| {
            Error::fault(
                "F08",
                format!("the ledger has no release `{id}`, which weighs this product"),
            )
            .remedy(
                "`quorate ledger verify` tells whether the ledger is whole; nothing was charged",
            )
        });
        self.read(&named?.2).map(Some)
    }

    /// What weighed the cells of a release, by id.
    fn weighed_by(&self, published: &ledger::Publication) -> Result<Option<String>> {
        let path = self.instance.releases_dir().join(&published.release);
        let manifest = Manifest::read_recorded(&Machine, &path, &published.manifest_hash)?;
        Ok(manifest.quality.into_iter().find_map(|it| it.weighed_by))
    }

    fn read(&self, published: &ledger::Publication) -> Result<Publication> {
        let path = self.instance.releases_dir().join(&published.release);
        Publication::read_recorded(&Machine, &path, &published.manifest_hash)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ledger::{ChargeRequest, Ledger, PlanHash};
    use privacy::Budget;
    use tempfile::TempDir;

    use super::*;

    /// An instance with releases of sites: period, snapshot and what weighed it.
    fn published(releases: &[(&str, &str, Option<usize>)]) -> (TempDir, Instance, Ledger) {
        let root = TempDir::new().unwrap();
        let instance = Instance::init(&root.path().join("data")).unwrap();
        let (dir, anchor) = (root.path().join("ledger"), root.path().join("anchor"));
        let signer = ledger::CheckpointSigner::new("test", &[1; 32]).unwrap();
        let mut ledger = Ledger::open(&dir, &anchor, signer).unwrap();
        let mut names: Vec<String> = Vec::new();
        for (at, (period, snapshot, weighed_by)) in (0_u8..).zip(releases) {
            let caps = Budget { rho: "1".parse().unwrap(), delta: "1e-6".parse().unwrap() };
            let request = ChargeRequest {
                plan: PlanHash([at; 32]),
                product: "web_audience".to_owned(),
                period: (*period).to_owned(),
                snapshot: (*snapshot).to_owned(),
                partner: "public".to_owned(),
                cost: Budget { rho: "0.001".parse().unwrap(), ..Budget::ZERO },
                caps,
            };
            let receipt = ledger.charge(request, "now").unwrap();
            let id = receipt.open(&PlanHash([at; 32])).unwrap();
            let name = format!("web_audience-{period}-{id}");
            let folder = instance.releases_dir().join(&name);
            fs::create_dir_all(&folder).unwrap();
            let data = "level,people,people_lo,people_hi,status\n";
            fs::write(folder.join("data.csv"), data).unwrap();
            let weighed_by = weighed_by.map(|it| names[it].clone());
            let manifest = serde_json::json!({
                "id": name, "product": "web_audience", "period": period, "snapshot": snapshot,
                "unit": "", "floor": 50, "rho": "", "delta": "", "epsilon": 0.0, "epsilon_delta": 0.0,
                "marginals": [], "cells_released": 0, "cells_in_code_list": 0, "plan_hash": "",
                "policy_hash": "", "code_hash": "", "ledger_entry": "", "created": "",
                "quality": [{ "rows": "site", "kept": 128, "weighed_by": weighed_by }],
                "files": { "data.csv": blake3::hash(data.as_bytes()).to_hex().to_string() },
            });
            let bytes = serde_json::to_vec(&manifest).unwrap();
            fs::write(folder.join("manifest.json"), &bytes).unwrap();
            let digest = blake3::hash(&bytes).to_hex().to_string();
            ledger.publish(&id, &name, &digest, "now").unwrap();
            names.push(name);
        }
        (root, instance, ledger)
    }

    /// Which of the releases weighs a snapshot.
    fn check(
        releases: &[(&str, &str, Option<usize>)],
        (period, snapshot): (&str, &str),
        expected: Option<usize>,
    ) {
        let (_root, instance, ledger) = published(releases);
        let history = ledger.history();
        let earlier = Earlier::of(&instance, history, "web_audience");
        let found = earlier.weighing(period.parse().unwrap(), snapshot).unwrap();
        let found = found.map(|it| it.manifest.id);
        let ids: Vec<String> = history
            .charges()
            .into_iter()
            .map(|it| format!("web_audience-{}-{}", it.charge.period, it.charge.id))
            .collect();
        assert_eq!(found, expected.map(|it| ids[it].clone()), "{releases:?} {period} {snapshot}");
    }

    #[test]
    fn the_last_of_the_year_before_weighs_else_the_first_of_this_one() {
        check(&[], ("2026-10", "a"), None);
        check(&[("2026-10", "a", None)], ("2026-11", "b"), Some(0));
        check(&[("2026-10", "a", None), ("2026-12", "b", Some(0))], ("2027-01", "c"), Some(1));
        check(&[("2026-10", "a", None)], ("2026-09", "b"), None);
    }

    #[test]
    fn asking_again_is_the_same_question_whatever_was_released_since() {
        // An earlier month that came late.
        let late = [("2026-11", "b", None), ("2026-10", "a", None)];
        check(&late, ("2026-11", "b"), None);
        check(&late, ("2026-12", "c"), Some(1));
        // A second snapshot of the month that weighs the year.
        let twice = [
            ("2026-12", "a", None),
            ("2027-01", "b", Some(0)),
            ("2026-12", "a2", None),
            ("2027-02", "c", Some(0)),
        ];
        check(&twice, ("2027-01", "b"), Some(0));
        check(&twice, ("2027-03", "d"), Some(0));
        check(&twice[..3], ("2027-02", "c"), Some(0));
    }

    #[test]
    fn weights_stay_the_same_for_a_year() {
        let year = [("2027-02", "b", None), ("2027-03", "c", Some(0)), ("2027-01", "a", None)];
        check(&year, ("2027-04", "d"), Some(0));
        // What is of a later month does not weigh an earlier one.
        check(&year[..2], ("2027-01", "a"), None);
    }
}
