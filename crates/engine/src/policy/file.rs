//! The policy files as they are written, and what each may say.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

use privacy::{Budget, CellLimit, Delta, Floor, Rho};
use reference::Geography;
use serde::{Deserialize, Deserializer};

use super::ProductPolicy;
use super::QuestionPolicy;
use super::allot::allot;
use super::clip::KEPT;
use crate::dimension::Dimension;
use crate::door::choices;
use crate::error::{Error, Result};
use crate::plan::{Family, Marginal, Quality, Remainder, untied};
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
    #[serde(default)]
    pub questions: QuestionPolicy,
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
    /// Another one begins a new series, whose code lists may be others.
    #[serde(default = "first")]
    edition: NonZeroU32,
    /// Shared by the weights of the tables, which have none of their own then.
    #[serde(default, deserialize_with = "exact_if_any")]
    rho: Option<Rho>,
    family: Vec<FamilyPart>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyPart {
    rows: Vec<Dimension>,
    cells_per_person: u32,
    /// L of clipped people, from the second release on.
    clip_cells: Option<u32>,
    /// For what is told of the family as a whole: what bounding took, whom the tables cover.
    #[serde(default, deserialize_with = "exact_if_any")]
    quality_rho: Option<Rho>,
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
    #[serde(default, deserialize_with = "exact_if_any")]
    rho: Option<Rho>,
    /// How much its variance counts among those that share the product's ρ; 1 when absent.
    weight: Option<u32>,
    /// For what is left of each coarser table's cell, measured once more.
    #[serde(default, deserialize_with = "exact_if_any")]
    other_rho: Option<Rho>,
}

const fn yes() -> bool {
    true
}

const fn first() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// Reads a budget from text, exactly: a floating-point number would be rounded.
pub(super) fn exact<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err = privacy::OutOfRange>,
{
    String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
}

fn exact_if_any<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Rho>, D::Error> {
    exact(from).map(Some)
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
    pub fn check(mut self, path: &Path, listed: &str) -> Result<ProductPolicy> {
        let product = product::named(listed)?;
        if self.product != listed {
            return Err(Error::policy("P06", format!("the file specifies `{}`", self.product))
                .at(path.display())
                .allowed(format!("product = \"{listed}\", as policy.toml lists it")));
        }
        let shares = self.rhos(path)?;
        let tables = self.family.iter_mut().flat_map(|it| &mut it.tables);
        tables.zip(shares).for_each(|(table, rho)| table.rho = Some(rho));
        let clips = self.family.iter().map(|it| it.clip(path)).collect::<Result<_>>()?;
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
        if let Some(wrong) = untied(&families) {
            return Err(Error::policy("P03", wrong.what).at(path.display()).allowed(wrong.allowed));
        }
        let (purpose, edition) = (self.purpose, self.edition);
        Ok(ProductPolicy { product, purpose, edition, families, clips })
    }

    /// The ρ of each table, in order: its own, or its share of the product's.
    fn rhos(&self, path: &Path) -> Result<Vec<Rho>> {
        let wrong = |table: &TablePart, what: &str| {
            Error::policy("P06", format!("table `{}` {what}", table.name)).at(path.display()).allowed(
                "rho for each table; or one rho for the product, above its families, and a weight for \
                 tables that count more or less than 1",
            )
        };
        let tables = self.family.iter().flat_map(|it| it.tables.iter().map(move |of| (it, of)));
        let Some(whole) = self.rho else {
            let own = tables.map(|(_, table)| match (table.rho, table.weight) {
                (Some(rho), None) => Ok(rho),
                (None, _) => Err(wrong(table, "has no rho")),
                (Some(_), Some(_)) => Err(wrong(table, "has a weight, and nothing is shared")),
            });
            return own.collect();
        };
        let weighted = tables.map(|(family, table)| {
            if table.rho.is_some() {
                return Err(wrong(table, "has a rho beside the product's"));
            }
            let on_rows = table.rows && !family.rows.is_empty();
            // A limit that is none is told of when the family is looked at.
            let limit = CellLimit::new(family.cells_per_person).ok().filter(|_| on_rows);
            Ok((table.weight.unwrap_or(1), limit.unwrap_or(CellLimit::ONE)))
        });
        Ok(allot(whole, &weighted.collect::<Result<Vec<_>>>()?))
    }
}

impl FamilyPart {
    /// L of clipped people, which only a family with rows has, and its loss beside.
    fn clip(&self, path: &Path) -> Result<Option<CellLimit>> {
        let wrong = |what: &str, allowed: &'static str| {
            Err(Error::policy("P03", what).at(path.display()).allowed(allowed))
        };
        let Some(cells) = self.clip_cells else { return Ok(None) };
        if self.rows.is_empty() {
            let what = "clip_cells, but a person has one cell by nature";
            return wrong(what, "clip_cells where rows = [..]");
        }
        if self.quality_rho.is_none() {
            let what = "clip_cells without quality_rho: nothing would tell what clipping took";
            return wrong(what, "quality_rho beside clip_cells, e.g. quality_rho = \"0.0003\"");
        }
        let most = CellLimit::new(KEPT).ok();
        match CellLimit::new(cells) {
            Ok(limit) if Some(limit) <= most => Ok(Some(limit)),
            _ => wrong("clip_cells is out of range", "clip_cells = 1 to 128"),
        }
    }

    /// A sixth for the gate; then half for the loss, a sixth for coverage, the rest for the frame. Where rows
    /// are by site the loss leaves a sixth of the whole to visibility; where a person has one cell by nature
    /// the frame has it all.
    fn quality(&self, limit: CellLimit) -> Option<Quality> {
        let nano = self.quality_rho?.nano();
        let rho = |nano: u64| Rho::from_nano(nano).unwrap_or_default();
        let with_rows = |part: u64| (!self.rows.is_empty()).then(|| rho(part));
        let (sixth, half) = (nano / 6, nano / 2);
        let of_rows = if self.rows.is_empty() { 0 } else { half + sixth };
        let of_visits = if self.rows == [Dimension::Site] { sixth } else { 0 };
        Some(Quality {
            cap: CellLimit::new(KEPT).map_or(limit, |kept| kept.max(limit)),
            limit,
            gate_rho: rho(sixth),
            delta: self.delta,
            loss_rho: with_rows(half - of_visits),
            coverage_rho: with_rows(sixth),
            frame_rho: Some(rho(nano - sixth - of_rows)),
            visibility_rho: Some(rho(of_visits)).filter(|_| of_visits > 0),
            weighed_by: None,
        })
    }

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
        let (delta, quality) = (self.delta, self.quality(limit));
        let others: Vec<Option<Rho>> = self.tables.iter().map(|it| it.other_rho).collect();
        let tables = self.tables.into_iter().map(|table| {
            if let Some(other) = table.by.iter().find(|it| !it.partitions_people()) {
                return Err(wrong(format!("table `{}` cannot be by {other}", table.name)).allowed(
                    "by: gender_plus, gender, age_band, sector, district, area, region (a person has \
                     one of each)",
                ));
            }
            Ok(Marginal { name: table.name, rows: table.rows, by: table.by, rho: table.rho.unwrap_or_default(), delta, weights: None, sums: Vec::new(), quantiles: None })
        });
        let (marginals, remainders) = (tables.collect::<Result<_>>()?, Vec::new());
        let mut family = Family { marginals, rows: self.rows, limit, quality, remainders };
        let refinements = family.refinements();
        let name = |at: usize| family.marginals.get(at).map_or("", |it| it.name.as_str());
        for (parts, rho) in others.iter().enumerate().filter_map(|it| Some((it.0, (*it.1)?))) {
            let own: Vec<_> = refinements.iter().filter(|it| it.parts == parts).collect();
            if own.is_empty() {
                let what = format!("table `{}` has other_rho and no coarser table", name(parts));
                return Err(wrong(what)
                    .allowed("other_rho where another table of the family holds its sums"));
            }
            family.remainders.extend(own.into_iter().map(|&refinement| Remainder {
                name: format!("{}_other_in_{}", name(parts), name(refinement.whole)),
                refinement,
                rho,
                delta,
            }));
        }
        Ok(family)
    }
}

fn names(rows: &[Dimension]) -> String {
    let names: Vec<&str> = rows.iter().map(|it| it.name()).collect();
    format!("[{}]", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Residents with these tables, and this line above the families.
    fn check(above: &str, tables: &str, expected: Result<&[u64], &str>) {
        let text = format!(
            "product = \"residents\"\npurpose = \"p\"\n{above}\n[[family]]\nrows = []\n\
             cells_per_person = 1\ndelta = \"1e-12\"\ntables = [{tables}]"
        );
        let path = Path::new("residents.toml");
        let policy = ProductFile::parse(path, &text).and_then(|it| it.check(path, "residents"));
        match (policy, expected) {
            (Ok(policy), Ok(expected)) => {
                let tables = policy.families.iter().flat_map(|it| &it.marginals);
                assert_eq!(tables.map(|it| it.rho.nano()).collect::<Vec<_>>(), expected, "{text}");
            }
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{text}: {error}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn tables_have_their_own_rho_or_share_the_products() {
        const WHOLE: &str = "rho = \"0.004\"";
        let table =
            |name: &str, more: &str| format!("{{ name = \"{name}\", by = [\"{name}\"]{more} }}");
        let two =
            |first: &str, second: &str| table("sector", first) + ", " + &table("area", second);
        let own = ", rho = \"0.001\"";
        check("", &two(own, own), Ok(&[1_000_000, 1_000_000]));
        check(WHOLE, &two("", ""), Ok(&[2_000_000, 2_000_000]));
        check(WHOLE, &two(", weight = 9", ""), Ok(&[3_000_000, 1_000_000]));
        check("", &two(own, ""), Err("table `area` has no rho"));
        check("edition = 2", &two(own, own), Ok(&[1_000_000, 1_000_000]));
        check("edition = 0", &two(own, own), Err("nonzero"));
        check("", &two(own, ", rho = \"0.001\", weight = 2"), Err("nothing is shared"));
        check(WHOLE, &two("", own), Err("table `area` has a rho beside the product's"));
    }
}
