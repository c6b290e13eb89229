//! `manifest.json`: what a release is, what it cost, and how to check it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;

use ledger::disk::Disk;
use privacy::{Budget, conversion};
use serde::{Deserialize, Serialize};

use super::folder::changed;
use super::quality::{self, QualityRecord};
use crate::error::{Error, Result, io_error};
use crate::plan::{Filter, Marginal, Measure, Sum, UNIT, View};
use crate::policy;
use crate::release::{Released, Summed, Table};

const NAME: &str = "manifest.json";

/// The facts of one release; keys as interfaces.md names them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The release.
    pub id: String,
    /// The product.
    pub product: String,
    /// The series: code lists are the same in a calendar year of one edition.
    #[serde(default = "first")]
    pub edition: NonZeroU32,
    /// Whether its people were simulated: nobody in it exists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub synthetic: bool,
    /// The period.
    pub period: String,
    /// The snapshot that was read.
    pub snapshot: String,
    /// The privacy unit.
    pub unit: String,
    /// The smallest group that may be published.
    pub floor: u32,
    /// ρ of the release, exactly.
    pub rho: String,
    /// δ of the release, exactly.
    pub delta: String,
    /// The ε that follows at `epsilon_delta`, rounded up.
    pub epsilon: f64,
    /// The δ at which ε is stated.
    pub epsilon_delta: f64,
    /// The tables.
    pub marginals: Vec<MarginalRecord>,
    /// What is told of the tables' families as a whole.
    #[serde(default)]
    pub quality: Vec<QualityRecord>,
    /// Cells published.
    pub cells_released: u64,
    /// Cells that passed their gate and were withdrawn to protect others: in all, never by table.
    #[serde(default)]
    pub cells_withdrawn: u64,
    /// Cells of the public code lists.
    pub cells_in_code_list: u64,
    /// Digests of the code lists, by dimension; none in releases from before there were any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes_hash: BTreeMap<String, String>,
    /// What `weighted.csv` stands on; none without that file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<WeightsRecord>,
    /// What was asked, where this answers a question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionRecord>,
    /// Whether counting stopped, so that there is no answer to this question.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// Digest of the plan that was paid for.
    pub plan_hash: String,
    /// Digest of the policy.
    pub policy_hash: String,
    /// Digest of the program.
    pub code_hash: String,
    /// The charge in the ledger.
    pub ledger_entry: String,
    /// When it was made, RFC 3339.
    pub created: String,
    /// Digests of the other files.
    pub files: BTreeMap<String, String>,
}

/// What weighted totals stand on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightsRecord {
    /// The release of residents.
    pub residents_release: String,
    /// Digest of the census.
    pub population_hash: String,
    /// No weight is above it, or under one over it.
    pub w_max: u32,
}

const fn first() -> NonZeroU32 {
    NonZeroU32::MIN
}

/// The facts of one table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginalRecord {
    /// The table.
    pub name: String,
    /// The most cells one person changes.
    pub l0: u32,
    /// Its ρ.
    pub rho: String,
    /// Its δ.
    pub delta: String,
    /// Standard deviation of the noise, in people.
    pub sigma: f64,
    /// The smallest number that is ever published.
    pub threshold: u64,
    /// Cells published.
    pub cells_released: u64,
    /// Cells of the public code list.
    pub cells_in_code_list: u64,
    /// What is summed beside people; none in releases of products.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sums: Vec<SumRecord>,
    /// Whose quantiles are told beside people; none in releases of products.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<QuantilesRecord>,
}

/// The facts of the quantiles of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantilesRecord {
    /// Whose quantiles: how their columns in `data.csv` begin.
    pub measure: Measure,
    /// The greatest amount of each bin; the last bin has all that is more.
    pub edges: Vec<u64>,
    /// Their ρ, beside that of the table.
    pub rho: String,
    /// Standard deviation of the noise of each bin, in people.
    pub sigma: f64,
}

/// The facts of one sum of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumRecord {
    /// What is summed: the column of `data.csv`.
    pub measure: Measure,
    /// The most that one person adds to one cell.
    pub cap: u64,
    /// Its ρ, beside that of the table.
    pub rho: String,
    /// Standard deviation of the noise, in units of the measure.
    pub sigma: f64,
}

/// What a question asked of a view, beside its tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionRecord {
    /// The view.
    pub view: View,
    /// What people and rows were confined to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub filters: Vec<Filter>,
}

impl Manifest {
    /// Reads the manifest of a release folder whose digest the ledger recorded, and no other file.
    ///
    /// # Errors
    /// A fault when it is not what was published.
    pub fn read_recorded(disk: &dyn Disk, folder: &Path, digest: &str) -> Result<Self> {
        Self::read_whole(disk, folder, Some(digest))
    }

    pub(super) fn read_whole(
        disk: &dyn Disk,
        folder: &Path,
        recorded: Option<&str>,
    ) -> Result<Self> {
        let path = folder.join(NAME);
        let bytes =
            disk.read(&path).map_err(|cause| io_error("read the release", &path, &cause))?;
        if recorded.is_some_and(|it| it != blake3::hash(&bytes).to_hex().as_str()) {
            return Err(changed(folder, NAME));
        }
        serde_json::from_slice(&bytes).map_err(|_| changed(folder, NAME))
    }

    /// The facts of `released`; files are added when they are written.
    ///
    /// # Errors
    /// As [`crate::plan::PrivatePlan::cost`].
    pub fn of(released: &Released, id: &str, code_hash: &str, created: &str) -> Result<Self> {
        let plan = &released.plan;
        let cost = plan.cost()?;
        let epsilon_delta = policy::at(cost);
        let epsilon = conversion::epsilon(cost, epsilon_delta)
            .map_err(|cause| Error::fault("F03", cause.to_string()))?;
        let count = |cells: usize| u64::try_from(cells).unwrap_or(u64::MAX);
        let shortened = |sigma: f64| (sigma * 1e4).round() / 1e4;
        let record =
            |name: &str, cost: Budget, cells: usize, in_list: u64, table: &Table| MarginalRecord {
                name: name.to_owned(),
                l0: table.mechanism.limit().cells(),
                rho: cost.rho.to_string(),
                delta: cost.delta.to_string(),
                sigma: shortened(table.mechanism.ordinary().variance.to_f64().sqrt()),
                threshold: table.mechanism.ordinary().threshold,
                cells_released: count(cells),
                cells_in_code_list: in_list,
                sums: Vec::new(),
                quantiles: None,
            };
        let sums = |marginal: &Marginal, table: &Table| {
            let of = |(sum, drawn): (&Sum, &Summed)| SumRecord {
                measure: sum.measure,
                cap: sum.cap,
                rho: sum.rho.to_string(),
                sigma: shortened(drawn.mechanism.sigma()),
            };
            marginal.sums.iter().zip(&table.sums).map(of).collect()
        };
        let quantiles = |table: &Table| {
            table.quantiles.as_ref().map(|it| QuantilesRecord {
                measure: it.quantiles.measure,
                edges: it.quantiles.edges.to_vec(),
                rho: it.quantiles.rho.to_string(),
                sigma: shortened(it.mechanism.sigma()),
            })
        };
        let tables = plan.marginals().zip(&released.tables);
        let tables = tables.map(|((family, it), table)| {
            // A clipped count of people stands in no file: it is the other side of shares.
            let printed = it.weights.is_none() || family.is_on_rows(it);
            let cells = if printed { (table.cells.len(), plan.cells(family, it)) } else { (0, 0) };
            let record = record(&it.name, it.gate_cost(), cells.0, cells.1, table);
            MarginalRecord { sums: sums(it, table), quantiles: quantiles(table), ..record }
        });
        let others = plan.remainders().zip(&released.others);
        let others = others.map(|((family, it), table)| {
            let whole = family.marginals.get(it.refinement.whole);
            let cells = whole.map_or(0, |whole| plan.cells(family, whole));
            record(&it.name, it.cost(), table.cells.len(), cells, table)
        });
        let marginals: Vec<MarginalRecord> = tables.chain(others).collect();
        Ok(Self {
            id: id.to_owned(),
            product: plan.product.clone(),
            edition: plan.edition,
            synthetic: false,
            period: plan.period.to_string(),
            snapshot: plan.snapshot.clone(),
            unit: UNIT.to_owned(),
            floor: plan.floor.people(),
            rho: cost.rho.to_string(),
            delta: cost.delta.to_string(),
            epsilon: (epsilon * 1e4).ceil() / 1e4,
            epsilon_delta,
            cells_released: marginals.iter().map(|it| it.cells_released).sum(),
            cells_withdrawn: count(released.withdrawn),
            cells_in_code_list: marginals.iter().map(|it| it.cells_in_code_list).sum(),
            marginals,
            quality: quality::records(released),
            codes_hash: plan.codes_hash(),
            weights: None,
            question: plan
                .is_question()
                .then(|| QuestionRecord { view: plan.view, filters: plan.filters.clone() }),
            unanswered: released.unanswered,
            plan_hash: ledger::PlanHash(plan.hash()?).to_string(),
            policy_hash: plan.policy_hash.clone(),
            code_hash: code_hash.to_owned(),
            ledger_entry: released.charge.to_string(),
            created: created.to_owned(),
            files: BTreeMap::new(),
        })
    }
}
