//! Little release folders, laid out as docs/release-folder.md says.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use reference::{AgeBand, Geography};
use serde_json::json;
use tempfile::TempDir;
use twin::{Request, Twin, make};

/// A folder with releases in it.
pub struct Operator {
    pub root: TempDir,
    pub releases: Vec<PathBuf>,
}

/// One table to be written: its name, what it is split by, the most cells of a person.
pub struct Table<'text> {
    pub name: &'text str,
    pub dims: &'text [&'text str],
    pub l0: u32,
    pub cells: Vec<Cell>,
}

/// Labels, and people with the half of their interval; `None` is a hidden cell.
pub type Cell = (Vec<String>, Option<(i64, i64)>);

impl Operator {
    pub fn new() -> Self {
        Self { root: TempDir::new().unwrap(), releases: Vec::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Publishes tables as one release.
    pub fn publish(&mut self, id: &str, product: &str, tables: &[Table<'_>]) {
        let marginals: Vec<_> = tables.iter().map(|it| (it.name, it.l0)).collect();
        self.publish_text(id, product, &data(tables), &marginals);
    }

    /// Publishes a `data.csv` as it is.
    pub fn publish_text(&mut self, id: &str, product: &str, data: &str, tables: &[(&str, u32)]) {
        let folder = self.path(id);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("data.csv"), data).unwrap();
        let manifest = manifest(id, product, "2026-10", data, tables);
        fs::write(folder.join("manifest.json"), manifest.to_string()).unwrap();
        self.releases.push(folder);
    }

    /// Makes a twin in `to`.
    pub fn twin(&self, to: &str, people: Option<u64>, seed: u64) -> twin::Result<Twin> {
        let to = self.path(to);
        make(&Request { releases: &self.releases, to: &to, people, seed, zones: None })
    }
}

pub fn manifest(
    id: &str,
    product: &str,
    period: &str,
    data: &str,
    tables: &[(&str, u32)],
) -> serde_json::Value {
    let marginals: Vec<_> =
        tables.iter().map(|(name, l0)| json!({ "name": name, "l0": l0, "sigma": 8.0 })).collect();
    let digest = blake3::hash(data.as_bytes()).to_hex().to_string();
    json!({ "id": id, "product": product, "period": period, "floor": 50,
        "marginals": marginals, "files": { "data.csv": digest } })
}

/// `data.csv` of these tables.
pub fn data(tables: &[Table<'_>]) -> String {
    let mut dims: Vec<&str> = Vec::new();
    for it in tables.iter().flat_map(|it| it.dims) {
        if !dims.contains(it) {
            dims.push(it);
        }
    }
    let mut text = format!("level,{},people,people_lo,people_hi,status\n", dims.join(","));
    for table in tables {
        for (labels, people) in &table.cells {
            let label = |dim: &&str| {
                let at = table.dims.iter().position(|it| it == dim);
                at.map_or_else(|| "all".to_owned(), |at| labels[at].clone())
            };
            let labels: Vec<String> = dims.iter().map(label).collect();
            let figures = match people {
                None => "[c],[c],[c],[c]".to_owned(),
                Some((people, half)) => {
                    format!("{people},{},{},A", (people - half).max(50), people + half)
                }
            };
            text.push_str(&format!("{},{},{figures}\n", table.name, labels.join(",")));
        }
    }
    text
}

/// Chance that needs no library: a Weyl sequence through the finaliser of SplitMix64.
struct Dice(u64);

impl Dice {
    /// 0 up to 1.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let it = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let it = (it ^ (it >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f64::from(u32::try_from((it ^ (it >> 31)) >> 32).unwrap()) / 2_f64.powi(32)
    }

    /// Nearly normal, of standard deviation one.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// People by the labels of all dimensions of a view.
type Truth = BTreeMap<Vec<String>, f64>;

/// A table of `truth` with noise, hidden below its threshold.
fn measured<'text>(
    dice: &mut Dice,
    truth: (&Truth, &[&str]),
    name: &'text str,
    dims: &'text [&'text str],
    (sigma, threshold, l0): (f64, i64, u32),
) -> Table<'text> {
    let at: Vec<usize> =
        dims.iter().map(|dim| truth.1.iter().position(|it| it == dim).unwrap()).collect();
    let mut sums = Truth::new();
    for (labels, people) in truth.0 {
        let labels = at.iter().map(|at| labels[*at].clone()).collect();
        *sums.entry(labels).or_default() += people;
    }
    let cells = sums.into_iter().map(|(labels, people)| {
        let noisy = whole(people + sigma * dice.normal());
        (labels, (noisy >= threshold).then_some((noisy, whole(1.96 * sigma))))
    });
    Table { name, dims, l0, cells: cells.collect() }
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "small numbers")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// An operator of about 45,000 people in Bolton: residents, web audience and presence with noise and
/// thresholds as the default policy has them, many fine cells hidden.
pub fn bolton() -> Operator {
    let (geography, mut dice) = (Geography::built_in(), Dice(7));
    let mut residents = Truth::new();
    let (mut web, mut presence) = (Truth::new(), Truth::new());
    for sector in geography.sectors.iter().filter(|it| it.code.starts_with("BL")) {
        let district = &geography.districts[usize::from(sector.district)].code;
        let region = &geography.regions[usize::from(sector.region)].code;
        let crowd = 10.0 + 120.0 * dice.unit();
        for gender in ["F", "M"] {
            for age in AgeBand::ALL {
                let people = (crowd * (0.5 + dice.unit())).round();
                let of = |parts: &[&str]| parts.iter().map(|it| (*it).to_owned()).collect();
                let place = [sector.code.as_str(), district, "BL", region, gender, age.label()];
                residents.insert(of(&place), people);
                for (at, site) in
                    ["a.example", "b.example", "c.example", "d.example"].iter().enumerate()
                {
                    let reach = [0.9, 0.5, 0.2, 0.01][at] * if gender == "F" { 1.0 } else { 0.7 };
                    *web.entry(of(&[site, gender, age.label(), region])).or_default() +=
                        people * reach;
                }
                for hour in ["8", "13", "20"] {
                    let seen = people * (0.2 + 0.5 * dice.unit());
                    *presence.entry(of(&[district, hour])).or_default() += seen;
                }
            }
        }
    }
    let (r, w, p) = (
        (&residents, &["sector", "district", "area", "region", "gender", "age_band"][..]),
        (&web, &["site", "gender", "age_band", "region"][..]),
        (&presence, &["present_in", "hour"][..]),
    );
    let mut operator = Operator::new();
    let dice = &mut dice;
    operator.publish(
        "residents-2026-10-c000000",
        "residents",
        &[
            measured(
                dice,
                r,
                "sector_gender_age",
                &["sector", "gender", "age_band"],
                (7.9, 106, 1),
            ),
            measured(
                dice,
                r,
                "district_gender_age",
                &["district", "gender", "age_band"],
                (15.8, 161, 1),
            ),
            measured(
                dice,
                r,
                "region_gender_age",
                &["region", "gender", "age_band"],
                (31.6, 270, 1),
            ),
            measured(dice, r, "sector", &["sector"], (11.2, 129, 1)),
            measured(dice, r, "district", &["district"], (15.8, 161, 1)),
            measured(dice, r, "area", &["area"], (31.6, 270, 1)),
        ],
    );
    let base: Truth =
        residents.iter().map(|(labels, people)| (labels.clone(), people * 0.95)).collect();
    let b = (&base, r.1);
    operator.publish(
        "web_audience-2026-10-c000001",
        "web_audience",
        &[
            measured(dice, b, "base", &[], (40.8, 334, 1)),
            measured(dice, b, "base_gender", &["gender"], (40.8, 334, 1)),
            measured(dice, w, "site", &["site"], (98.0, 782, 48)),
            measured(dice, w, "site_gender", &["site", "gender"], (109.5, 869, 48)),
            measured(dice, w, "site_age", &["site", "age_band"], (109.5, 869, 48)),
            measured(dice, w, "site_region", &["site", "region"], (126.5, 995, 48)),
        ],
    );
    operator.publish(
        "presence-2026-10-c000002",
        "presence",
        &[measured(dice, p, "district_hour", &["present_in", "hour"], (73.0, 606, 128))],
    );
    operator
}

/// Every file below a folder, by its name, sorted.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut left = vec![folder.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
                all.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    all
}
