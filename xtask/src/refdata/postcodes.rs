//! Postcodes of Code-Point Open, gathered by sector.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read};

use zip::ZipArchive;

/// A sector: where its live postcodes are, in metres of the national grid, and whose they are.
#[derive(Default)]
pub(crate) struct Sector {
    pub points: Vec<(f64, f64)>,
    owners: BTreeMap<(String, String, String), usize>,
}

impl Sector {
    /// The mean of the postcodes.
    pub fn mean(&self) -> (f64, f64) {
        let mut sum = (0.0, 0.0, 0.0);
        for point in &self.points {
            sum = (sum.0 + point.0, sum.1 + point.1, sum.2 + 1.0);
        }
        (sum.0 / sum.2, sum.1 / sum.2)
    }

    /// How many different points the postcodes have.
    fn places(&self) -> usize {
        let metre = |it: f64| format!("{it:.0}");
        let points = self.points.iter().map(|it| (metre(it.0), metre(it.1)));
        points.collect::<BTreeSet<_>>().len()
    }

    /// Local authority, region and country of most postcodes; the first by code among equals.
    pub fn majority(&self) -> (String, String, String) {
        let most = self.owners.iter().max_by_key(|it| (it.1, std::cmp::Reverse(it.0)));
        most.map_or_else(Default::default, |it| it.0.clone())
    }
}

/// Fewer different points than this are boxes, not homes.
const PLACES_MIN: usize = 3;

/// The region of England of each former strategic health authority; two of them make the South East.
const REGIONS: [(&str, &str); 10] = [
    ("E18000001", "E12000001"),
    ("E18000002", "E12000002"),
    ("E18000003", "E12000003"),
    ("E18000004", "E12000004"),
    ("E18000005", "E12000005"),
    ("E18000006", "E12000006"),
    ("E18000007", "E12000007"),
    ("E18000008", "E12000008"),
    ("E18000009", "E12000008"),
    ("E18000010", "E12000009"),
];

pub(crate) fn sectors(
    package: &[u8],
) -> Result<BTreeMap<String, Sector>, Box<dyn std::error::Error>> {
    let mut inner = Vec::new();
    let mut outer = ZipArchive::new(Cursor::new(package))?;
    outer.by_name("geocode/code_point_open/codepo_gb.zip")?.read_to_end(&mut inner)?;
    let mut archive = ZipArchive::new(Cursor::new(inner))?;
    let mut sectors = BTreeMap::<String, Sector>::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index)?;
        let name = file.name()?.into_owned();
        if !name.starts_with("Data/CSV/") || name.ends_with('/') {
            continue;
        }
        let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
        for row in rows.records() {
            let row = row?;
            let field = |at: usize| row.get(at).unwrap_or_default();
            let (east, north): (f64, f64) = (field(2).parse()?, field(3).parse()?);
            let postcode = field(0);
            // A quality of 90 means that no position is known.
            if field(1) == "90" || east <= 0.0 || postcode.len() < 5 {
                continue;
            }
            let (outward, inward) = postcode.split_at(postcode.len() - 3);
            let sector = sectors.entry(format!("{} {}", outward.trim(), &inward[..1])).or_default();
            sector.points.push((east, north));
            let country = field(4);
            let region = REGIONS.iter().find(|it| it.0 == field(6)).map_or(country, |it| it.1);
            let owner = (field(8).to_owned(), region.to_owned(), country.to_owned());
            *sector.owners.entry(owner).or_default() += 1;
        }
    }
    // Boxes of large users stand at one point or two: nobody lives there.
    sectors.retain(|_, sector| sector.places() >= PLACES_MIN);
    Ok(sectors)
}
