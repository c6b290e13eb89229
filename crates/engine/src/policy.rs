//! The policy: what the protection officer allows, and the plans that follow from it.
//!
//! `policy/policy.toml` holds the floor, the caps and the reserve; each product has a file beside
//! it. A policy is read whole and checked whole before anything is planned: nothing is skipped.

mod allot;
mod clip;
mod explain;
mod file;
mod forecast;
mod lines;
mod questions;

use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use privacy::{Budget, CellLimit, Floor};
use reference::Geography;

use crate::dimension::{Codes, Dimension};
use crate::error::{Error, Result, io_error};
use crate::instance::Instance;
use crate::plan::{Family, Marginal, PrivatePlan};
use crate::product::{self, Product};
use crate::publish::Publication;
use crate::time::Period;
use crate::vault::{Snapshot, Vault};
pub use explain::{at, explain, times};
pub use forecast::{Expected, Forecast, Ground};
pub use lines::{Line, figures, lines};
pub use questions::QuestionPolicy;

/// A policy that holds together.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The smallest group that may be published.
    pub floor: Floor,
    /// The impact assessment that covers the releases.
    pub dpia: String,
    /// How many people the operator serves, as it says in public.
    pub people: Option<u32>,
    /// Areas covered; all when empty.
    pub coverage: Vec<String>,
    /// The geography that they are of.
    pub geography: Arc<Geography>,
    /// What a calendar month may cost each person.
    pub caps: Budget,
    /// Kept back for later questions.
    pub reserve: Budget,
    /// What a later question costs.
    pub questions: QuestionPolicy,
    /// The products that may be released.
    pub products: Vec<ProductPolicy>,
    /// Digest of all policy files.
    pub hash: String,
}

/// What is measured of one product.
#[derive(Clone, Debug)]
pub struct ProductPolicy {
    /// What the code knows of it.
    pub product: &'static Product,
    /// What it is for.
    pub purpose: String,
    /// The series that its releases belong to.
    pub edition: NonZeroU32,
    /// Its tables.
    pub families: Vec<Family>,
    /// L of each family whose people are clipped as soon as an earlier release can weigh its cells.
    pub clips: Vec<Option<CellLimit>>,
}

impl Policy {
    /// Reads and checks the policy of a data folder.
    ///
    /// # Errors
    /// [`Error`] `P01` a floor under the quorum; `P02` a plan that does not fit the caps; `P03` an
    /// unknown product or grouping; `P05` numbers that allow no mechanism; `P06` text that is not
    /// a policy: each with the file, the key and what is allowed.
    pub fn read(instance: &Instance) -> Result<Self> {
        let geography = Vault::open(instance)?.geography()?;
        Self::read_folder(&instance.policy_dir(), &geography)
    }

    /// [`Policy::read`] of any folder, for a geography.
    ///
    /// # Errors
    /// As [`Policy::read`].
    pub fn read_folder(folder: &Path, geography: &Arc<Geography>) -> Result<Self> {
        let mut hasher = blake3::Hasher::new();
        let mut text = |path: &PathBuf| {
            let text = fs::read_to_string(path).map_err(|cause| io_error("read", path, &cause))?;
            hasher.update(text.as_bytes());
            hasher.update(b"\0");
            Ok::<_, Error>(text)
        };
        let path = folder.join("policy.toml");
        let main = file::PolicyFile::parse(&path, &text(&path)?)?;
        let mut products = main
            .products
            .iter()
            .map(|(name, file)| {
                let path = folder.join(file);
                let text = text(&path)?;
                file::ProductFile::parse(&path, &text)?.check(&path, name)
            })
            .collect::<Result<Vec<_>>>()?;
        products.sort_by_key(|it| product::ALL.iter().position(|of| of.name == it.product.name));
        let policy = Self {
            floor: main.floor(&path)?,
            coverage: main.coverage(&path, geography)?,
            geography: Arc::clone(geography),
            caps: main.caps.budget(),
            reserve: main.reserve.budget(),
            questions: main.questions,
            dpia: main.dpia,
            people: main.people,
            products,
            hash: hasher.finalize().to_hex().to_string(),
        };
        policy.check_ceilings(&path)?;
        policy.questions.check(policy.floor, &path)?;
        policy.check_mechanisms(folder)?;
        policy.check_fit(&path)?;
        policy.check_genders(&path)?;
        Ok(policy)
    }

    /// What a month of every product costs each person, without the reserve.
    ///
    /// # Errors
    /// [`Error`] `P02` when it passes what a budget can hold.
    pub fn cost(&self) -> Result<Budget> {
        self.products.iter().try_fold(Budget::ZERO, |sum, product| {
            product.cost().and_then(|cost| sum.checked_add(cost)).ok_or_else(|| {
                Error::policy("P02", "the costs of the products add up beyond any budget")
            })
        })
    }

    /// The plan of `product` for a snapshot; `earlier` is the release that weighs its cells, if there is one.
    ///
    /// # Errors
    /// [`Error`] `P03` when the policy does not have that product.
    pub fn plan(
        &self,
        product: &str,
        snapshot: &Snapshot,
        earlier: Option<&Publication>,
    ) -> Result<PrivatePlan> {
        let own = self.product(product)?;
        let codes = Codes::new(&snapshot.geography, &snapshot.sites, &self.coverage);
        let families = own.families.iter().zip(&own.clips);
        let told_apart = families.filter(|it| tells_rows_apart(it.0, &codes));
        let (families, clips): (Vec<Family>, Vec<_>) =
            told_apart.map(|it| (of_known_places(it.0, &codes), *it.1)).unzip();
        if families.is_empty() {
            let what = format!("the lists of {product} have one value each: nothing is told apart");
            return Err(Error::policy("P03", what)
                .allowed("a list of two sites or more, or of two categories or more"));
        }
        let plan = PrivatePlan {
            product: product.to_owned(),
            edition: own.edition,
            period: snapshot.period,
            snapshot: snapshot.id.clone(),
            floor: self.floor,
            view: own.product.view,
            filters: Vec::new(),
            families,
            policy_hash: self.hash.clone(),
            codes,
        };
        Ok(weighed(plan, &clips, earlier))
    }

    /// A plan of `product` for figures alone: no snapshot is read, and none can be released by it.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn outline(
        &self,
        product: &str,
        period: Period,
        earlier: Option<&Publication>,
    ) -> Result<PrivatePlan> {
        let own = self.product(product)?;
        let sites = reference::SiteList::built_in();
        let plan = PrivatePlan {
            product: product.to_owned(),
            edition: own.edition,
            period,
            snapshot: String::new(),
            floor: self.floor,
            view: own.product.view,
            filters: Vec::new(),
            families: own.families.clone(),
            policy_hash: self.hash.clone(),
            codes: Codes::new(&self.geography, sites, &self.coverage),
        };
        Ok(weighed(plan, &own.clips, earlier))
    }

    /// The policy's part for `product`.
    ///
    /// # Errors
    /// [`Error`] `P03` when the product is unknown, or known and not in this policy.
    pub fn product(&self, name: &str) -> Result<&ProductPolicy> {
        product::named(name)?;
        self.products.iter().find(|it| it.product.name == name).ok_or_else(|| {
            let names: Vec<&str> = self.products.iter().map(|it| it.product.name).collect();
            Error::policy("P03", format!("the policy does not allow the product `{name}`"))
                .allowed(names.join(", "))
                .remedy("the protection officer can add it under [products] in policy.toml")
        })
    }

    /// No policy allows more than the program does, whatever it is edited to.
    fn check_ceilings(&self, path: &Path) -> Result<()> {
        let most = Budget::CEILING;
        if most.checked_sub(self.caps).is_some() {
            return Ok(());
        }
        let asked = format!("caps of rho {} and delta {}", self.caps.rho, self.caps.delta);
        Err(Error::policy("P08", format!("{asked} a month are no protection"))
            .at(format!("{}: caps", path.display()))
            .allowed(format!("up to rho {} and delta {}", most.rho, most.delta))
            .remedy("lower the caps; 0.05 and 1e-10 are the defaults"))
    }

    /// Every table must have a mechanism: ρ and δ above zero, noise of a sensible width.
    fn check_mechanisms(&self, folder: &Path) -> Result<()> {
        for own in &self.products {
            for family in &own.families {
                let tables = family.marginals.iter();
                let tables =
                    tables.map(|it| (&it.name, it.cells_per_person(family), it.gate_cost()));
                let others = family.remainders.iter();
                let others = others.map(|it| (&it.name, family.cells_of_remainder(it), it.cost()));
                let wrong = |name: &str, cause: &privacy::MechanismError| {
                    let file = folder.join(format!("{}.toml", own.product.name));
                    Error::policy("P05", cause.to_string())
                        .at(format!("{}: {name}", file.display()))
                        .allowed("rho and delta above 0, a standard deviation up to 100000")
                };
                for (name, limit, cost) in tables.chain(others) {
                    privacy::Quorum::new(self.floor, limit, cost.rho, cost.delta)
                        .map_err(|cause| wrong(&format!("table {name}"), &cause))?;
                }
                if let Some(it) = &family.quality {
                    privacy::Quorum::new(self.floor, CellLimit::ONE, it.gate_rho, it.delta)
                        .map_err(|cause| wrong("quality_rho", &cause))?;
                    for rho in it.shares() {
                        privacy::Dilution::new(it.limit, it.cap, rho)
                            .map_err(|cause| wrong("quality_rho", &cause.into()))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// F+ of one product less F of another would be people of gender X.
    fn check_genders(&self, path: &Path) -> Result<()> {
        let marginals =
            || self.products.iter().flat_map(|it| &it.families).flat_map(|it| &it.marginals);
        let uses = |wanted| marginals().any(|it| it.by.contains(&wanted));
        if !(uses(Dimension::Gender) && uses(Dimension::GenderPlus)) {
            return Ok(());
        }
        Err(Error::policy("P03", "one table is by gender and another by gender_plus")
            .at(path.display())
            .allowed("all tables by gender, or all by gender_plus")
            .remedy("F+ less F would be people of gender X: choose one for all products"))
    }

    fn check_fit(&self, path: &Path) -> Result<()> {
        let whole = self.cost()?.checked_add(self.reserve);
        if whole.is_some_and(|whole| self.caps.checked_sub(whole).is_some()) {
            return Ok(());
        }
        let whole = whole.unwrap_or(Budget::MAX);
        Err(Error::policy("P02", "a month of these products does not fit the caps")
            .at(path.display())
            .allowed(format!("rho {} and delta {} in all", self.caps.rho, self.caps.delta))
            .remedy(format!(
                "it takes rho {} and delta {} with the reserve: lower a table's rho or delta, or \
                 drop a table",
                whole.rho, whole.delta
            )))
    }
}

/// The plan with people clipped by the numbers of an earlier release, if there is one.
fn weighed(
    plan: PrivatePlan,
    clips: &[Option<CellLimit>],
    earlier: Option<&Publication>,
) -> PrivatePlan {
    match earlier {
        Some(earlier) => PrivatePlan { families: clip::clipped(&plan, clips, earlier), ..plan },
        None => plan,
    }
}

/// The tables of a family but those by a place of which the geography has none, as authorities may be.
fn of_known_places(family: &Family, codes: &Codes) -> Family {
    let known = |it: &Marginal| it.by.iter().all(|it| !codes.list(*it).labels().is_empty());
    family.only(&family.marginals.iter().map(known).collect::<Vec<_>>())
}

/// Whether the rows of a family have more than one value: else its tables would count the same people as
/// the bases do, once more, and a release could not settle the two together.
fn tells_rows_apart(family: &Family, codes: &Codes) -> bool {
    let values = family.rows.iter().map(|it| codes.list(*it).labels().len());
    family.rows.is_empty() || values.product::<usize>() > 1
}

impl ProductPolicy {
    /// What the product costs each person; `None` on overflow.
    #[must_use]
    pub fn cost(&self) -> Option<Budget> {
        let mut families = self.families.iter().map(crate::plan::Family::cost);
        families.try_fold(Budget::ZERO, |sum, cost| sum.checked_add(cost?))
    }
}
