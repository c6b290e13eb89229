//! What a report page shows: released figures and public facts, nothing else.
//!
//! A `None` is a cell of the code list that is not published; it is printed `[c]`, never as a
//! number. How estimates, ratios, groups and rings are written is in `compact`.

use serde::Serialize;

use super::compact;

/// All that one page shows; a section whose data is absent is absent from the page.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The heading of the page.
    pub title: String,
    /// The period, as people read it.
    pub period: String,
    /// Short id of the snapshot.
    pub snapshot: String,
    /// Whether the people were simulated.
    pub synthetic: bool,
    /// Program and version that wrote the page.
    pub generated_by: String,
    /// Name of the installation.
    pub instance: String,
    /// The figures on top.
    pub headline: Headline,
    /// Outlines for the map.
    pub geography: Option<MapShapes>,
    /// People by home.
    pub residents: Option<Residents>,
    /// People by place and hour.
    pub presence: Option<Presence>,
    /// People by site.
    pub web: Option<Web>,
    /// One row a marginal.
    pub costs: Vec<MarginalCost>,
    /// What is told of the tables as a whole, where the plans measure it.
    pub quality: Vec<QualityFigures>,
    /// The period's budget.
    pub budget: BudgetUse,
    /// Distance from the truth, which only a simulation knows.
    pub truth: Option<Vec<TruthRow>>,
    /// Name and value of what a reader needs to check the page; the name `verify` is a command.
    pub provenance: Vec<(String, String)>,
}

/// The figures on top of a page.
#[derive(Clone, Debug, Serialize)]
pub struct Headline {
    /// People behind every number, at least.
    pub floor: i64,
    /// Cells published.
    pub cells_released: i64,
    /// Cells that the public code lists name.
    pub cells_in_code_list: i64,
    /// Cells that were withdrawn to protect others.
    pub cells_withdrawn: i64,
    /// Zero-concentrated cost, exact decimal.
    pub rho: String,
    /// Failure probability, exact decimal.
    pub delta: String,
    /// The ε that follows at `epsilon_delta`.
    pub epsilon: f64,
    /// The δ at which ε is stated.
    pub epsilon_delta: f64,
    /// One sentence on who is counted, from released or public figures only.
    pub people_text: Option<String>,
}

/// Outlines of districts and the words that must stand beside them.
#[derive(Clone, Debug, Serialize)]
pub struct MapShapes {
    /// Shown wherever the map is.
    pub attribution: String,
    /// The districts to draw.
    pub districts: Vec<Shape>,
}

/// The outline of one district.
#[derive(Clone, Debug, Serialize)]
pub struct Shape {
    /// District code, the key to the figures.
    pub code: String,
    /// Name of its region.
    pub region: String,
    /// Exterior rings of (longitude, latitude) in degrees.
    #[serde(serialize_with = "compact::rings")]
    pub rings: Vec<Vec<(f64, f64)>>,
}

/// People by home.
#[derive(Clone, Debug, Serialize)]
pub struct Residents {
    /// One row a district of the code list.
    pub districts: Vec<DistrictPeople>,
    /// One row a postcode area, gender and age band of the code list.
    pub pyramid: Vec<PyramidGroup>,
}

/// The residents of one district.
#[derive(Clone, Debug, Serialize)]
pub struct DistrictPeople {
    /// District code.
    pub code: String,
    /// Its residents.
    pub people: Option<Estimate>,
}

/// The residents of one postcode area, gender and age band.
#[derive(Clone, Debug, Serialize)]
pub struct PyramidGroup {
    /// Area code; empty for the whole, when that was measured itself.
    pub area: String,
    /// Area name.
    pub area_name: String,
    /// F+ or M+.
    pub gender: String,
    /// Label of the age band, such as `18-24`.
    pub age_band: String,
    /// Its people.
    pub people: Option<Estimate>,
}

/// People by place and hour.
#[derive(Clone, Debug, Serialize)]
pub struct Presence {
    /// `weekday` and `weekend`, those that there are.
    pub day_types: Vec<String>,
    /// One row a district and day type of the code list.
    pub cells: Vec<PresenceDay>,
}

/// The people present in one district on one type of day.
#[derive(Clone, Debug, Serialize)]
pub struct PresenceDay {
    /// District code.
    pub district: String,
    /// One of [`Presence::day_types`].
    pub day_type: String,
    /// By local hour, 0 to 23.
    pub hours: [Option<Estimate>; 24],
}

/// People by site.
#[derive(Clone, Debug, Serialize)]
pub struct Web {
    /// The people that reach is a share of.
    pub base: Option<Estimate>,
    /// One row a site or category of the code list.
    pub rows: Vec<WebRow>,
}

/// Whether a row is one site or a category of sites.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WebKind {
    /// One registrable domain.
    Site,
    /// All sites of a category.
    Category,
}

/// The people of one site or category.
#[derive(Clone, Debug, Serialize)]
pub struct WebRow {
    /// Domain or category, the key.
    pub name: String,
    /// What people call it.
    pub label: Option<String>,
    /// Site or category.
    pub kind: WebKind,
    /// The category that it belongs to.
    pub category: String,
    /// People who went there.
    pub people: Option<Estimate>,
    /// Share of the base, 0 to 1.
    pub reach: Option<Ratio>,
    /// Who they are.
    pub groups: Vec<GroupIndex>,
}

/// The weight of one group among the people of a site.
#[derive(Clone, Debug)]
pub struct GroupIndex {
    /// `gender_plus`, `age_band` or `region`.
    pub dimension: String,
    /// The group.
    pub value: String,
    /// Its share of the site's people, 0 to 1.
    pub composition: Option<Ratio>,
    /// 100 × its share here / its share of the base.
    pub index: Option<Ratio>,
}

/// What is told of tables that are bounded together.
#[derive(Clone, Debug, Serialize)]
pub struct QualityFigures {
    /// The product that they belong to.
    pub product: String,
    /// What their rows are by.
    pub rows: String,
    /// Cells of a person that are kept.
    pub kept: i64,
    /// The share of people's cells that bounding takes.
    pub bounding_loss: Option<Ratio>,
    /// The share of the operator's people who have any cell.
    pub coverage: Option<Ratio>,
    /// The share of the operator's people who are in no table.
    pub outside: Option<Ratio>,
    /// The share of visits whose host could be read.
    pub visible: Option<Ratio>,
}

/// What one marginal cost and showed.
#[derive(Clone, Debug, Serialize)]
pub struct MarginalCost {
    /// The product that it belongs to.
    pub product: String,
    /// Its name.
    pub marginal: String,
    /// Cells that one person may be in.
    pub l0: i64,
    /// Zero-concentrated cost.
    pub rho: f64,
    /// Failure probability.
    pub delta: f64,
    /// Standard deviation of the noise, in people.
    pub sigma: f64,
    /// A noisy count under it is not published, in people.
    pub threshold: i64,
    /// Cells published.
    pub cells_released: i64,
    /// Cells that the public code list names.
    pub cells_in_code_list: i64,
}

/// The budget of the period; `cap_rho` is the sum of spent, reserve and left.
#[derive(Clone, Debug, Serialize)]
pub struct BudgetUse {
    /// The most that one person may lose in the period.
    pub cap_rho: f64,
    /// The most failure probability in the period.
    pub cap_delta: f64,
    /// By product.
    pub spent: Vec<Spent>,
    /// Neither spent nor reserved.
    pub left_rho: f64,
    /// Kept for fresh questions.
    pub reserve_rho: f64,
    /// What the caps mean over time.
    pub epsilon_by_horizon: Vec<Horizon>,
}

/// What one product spent.
#[derive(Clone, Debug, Serialize)]
pub struct Spent {
    /// The product.
    pub product: String,
    /// Zero-concentrated cost.
    pub rho: f64,
}

/// The bound over so many months in a row.
#[derive(Clone, Debug, Serialize)]
pub struct Horizon {
    /// Months in a row.
    pub months: i64,
    /// Zero-concentrated cost.
    pub rho: f64,
    /// The ε that follows.
    pub epsilon: f64,
    /// The δ at which ε is stated.
    pub delta: f64,
}

/// How far one marginal is from the truth of a simulation.
#[derive(Clone, Debug, Serialize)]
pub struct TruthRow {
    /// The marginal.
    pub marginal: String,
    /// Published cells that were compared.
    pub cells: i64,
    /// Median of |published − true| / true.
    pub median_relative_error: f64,
    /// Share of published intervals that contain the truth, 0 to 1.
    pub covered_share: f64,
    /// The fewest true people behind a published cell.
    pub smallest_published_truth: i64,
}

/// Published people with their 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The published figure.
    pub value: i64,
    /// Lower end.
    pub lo: i64,
    /// Upper end.
    pub hi: i64,
    /// Whether it lies so near the threshold that it is likely too high.
    pub near_threshold: bool,
}

/// A quotient of published figures with its 95% interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ratio {
    /// The quotient.
    pub value: f64,
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}
