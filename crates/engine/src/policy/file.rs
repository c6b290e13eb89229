//! The policy files as they are written, and what each may say.

use std::collections::BTreeMap;
use std::path::Path;

use privacy::{Budget, CellLimit, Delta, Floor, Rho};
use reference::Geography;
use serde::{Deserialize, Deserializer};

use super::ProductPolicy;
use crate::dimension::Dimension;
use crate::door::choices;
use crate::error::{Error, Result};
use crate::plan::{Family, Marginal};
use crate::product::{self, Product};

/// `policy.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicyFile {
    floor: u32,
    pub dpia: String,
    pub people: Option<u32>,
    #[serde(default)]
    coverage: Vec<String>,
    pub caps: Amount,
    pub reserve: Amount,
    pub products: BTreeMap<String, String>,
}

/// An amount of both currencies, exact.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Amount {
    #[serde(deserialize_with = "exact")]
    rho: Rho,
    #[serde(deserialize_with = "exact")]
    delta: Delta,
}

/// `<product>.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProductFile {
    product: String,
    purpose: String,
    family: Vec<FamilyPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyPart {
    rows: Vec<Dimension>,
    cells_per_person: u32,
    #[serde(deserialize_with = "exact")]
    delta: Delta,
    tables: Vec<TablePart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TablePart {
    name: String,
    #[serde(default = "yes")]
    rows: bool,
    #[serde(default)]
    by: Vec<Dimension>,
    #[serde(deserialize_with = "exact")]
    rho: Rho,
}

const fn yes() -> bool {
    true
}

/// Reads a budget from text, exactly: a floating-point number would be rounded.
fn exact<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err = privacy::OutOfRange>,
{
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

fn parse<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|cause: toml::de::Error| {
        let at = cause.span().map_or(0, |span| span.start).min(text.len());
        let line = text[..at].matches('\n').count() + 1;
        Error::policy("P06", cause.message().trim().to_owned())
            .at(format!("{}:{line}", path.display()))
            .allowed(
                "the keys that a new folder's policy shows; budgets as text, e.g. rho = \"0.005\"",
            )
            .remedy("correct that line, then `quorate policy check`")
    })
}

impl Amount {
    pub const fn budget(&self) -> Budget {
        Budget { rho: self.rho, delta: self.delta }
    }
}

impl PolicyFile {
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        parse(path, text)
    }

    pub fn floor(&self, path: &Path) -> Result<Floor> {
        Floor::new(self.floor).map_err(|cause| {
            Error::policy("P01", format!("a floor of {} people is not a quorum", self.floor))
                .at(format!("{}: floor", path.display()))
                .allowed(cause.allowed)
                .remedy("set floor = 50 or more")
        })
    }

    pub fn coverage(&self, path: &Path, geography: &Geography) -> Result<Vec<String>> {
        let areas = &geography.areas;
        let known = |code: &String| areas.iter().any(|it| it.code == *code);
        match self.coverage.iter().find(|code| !known(code)) {
            None => Ok(self.coverage.clone()),
            Some(code) => Err(Error::policy("P06", format!("`{code}` is not an area"))
                .at(format!("{}: coverage", path.display()))
                .allowed(choices(code, areas.iter().map(|it| it.code.as_str())))
                .remedy("name areas of the geography, or none for all of it")),
        }
    }
}

impl ProductFile {
    pub fn parse(path: &Path, text: &str) -> Result<Self> {
        parse(path, text)
    }

    /// Checks the file against what the code knows of the product.
    pub fn check(self, path: &Path, listed: &str) -> Result<ProductPolicy> {
        let product = product::named(listed)?;
        if self.product != listed {
            return Err(Error::policy("P06", format!("the file specifies `{}`", self.product))
                .at(path.display())
                .allowed(format!("product = \"{listed}\", as policy.toml lists it")));
        }
        let families = self
            .family
            .into_iter()
            .map(|family| family.check(path, product))
            .collect::<Result<Vec<_>>>()?;
        let mut names: Vec<&str> =
            families.iter().flat_map(|it| &it.marginals).map(|it| it.name.as_str()).collect();
        names.sort_unstable();
        let twice = names.array_windows().find(|[first, second]| first == second);
        if let Some([twice, _]) = twice {
            return Err(Error::policy("P06", format!("two tables are called `{twice}`"))
                .at(path.display())
                .allowed("each name once"));
        }
        Ok(ProductPolicy { product, purpose: self.purpose, families })
    }
}

impl FamilyPart {
    fn check(self, path: &Path, product: &Product) -> Result<Family> {
        let wrong = |what: String| Error::policy("P03", what).at(path.display());
        if !product.rows.contains(&self.rows.as_slice()) {
            let allowed: Vec<String> = product.rows.iter().map(|it| names(it)).collect();
            return Err(wrong(format!("{} has no rows by {}", product.name, names(&self.rows)))
                .allowed(allowed.join(" or ")));
        }
        let limit = CellLimit::new(self.cells_per_person)
            .map_err(|cause| wrong(cause.to_string()).allowed(cause.allowed))?;
        if self.rows.is_empty() && limit != CellLimit::ONE {
            return Err(wrong("a person has one home, gender and age band".to_owned())
                .allowed("cells_per_person = 1 where rows = []"));
        }
        let delta = self.delta;
        let tables = self.tables.into_iter().map(|table| {
            if let Some(other) = table.by.iter().find(|it| !it.partitions_people()) {
                return Err(wrong(format!("table `{}` cannot be by {other}", table.name)).allowed(
                    "by: gender, age_band, sector, district, area, region (a person has one of each)",
                ));
            }
            Ok(Marginal { name: table.name, rows: table.rows, by: table.by, rho: table.rho, delta })
        });
        Ok(Family { marginals: tables.collect::<Result<_>>()?, rows: self.rows, limit })
    }
}

fn names(rows: &[Dimension]) -> String {
    let names: Vec<&str> = rows.iter().map(|it| it.name()).collect();
    format!("[{}]", names.join(", "))
}
