//! The finest published unit around each sector: adaptive geography (products 17).
//!
//! Where a sector is hidden, the district, area or region around it speaks for it: each a whole unit that was
//! measured and passed its own gate, never a unit less its published parts. A function of released cells and
//! public code lists alone (privacy model §6).

use std::collections::{BTreeMap, BTreeSet};

use super::sheet::{ALL, HIDDEN, OTHER, Row, Sheet};
use super::word::Word;
use crate::dimension::{Codes, Dimension, NOWHERE};
use crate::error::{Error, Result};

/// Units around a home, the finest first.
const UNITS: [Dimension; 4] =
    [Dimension::Sector, Dimension::District, Dimension::Area, Dimension::Region];

/// Published cells by unit and by what else they are told apart by.
type Published<'sheet> = BTreeMap<(Dimension, &'sheet str, Vec<&'sheet str>), &'sheet Row>;

/// `finest.csv` of a release: for each sector and group the finest unit that is published, and its people;
/// `None` when no table is by sector.
///
/// # Errors
/// A fault when a row cannot be written.
pub fn csv(codes: &Codes, sheet: &Sheet) -> Result<Option<Vec<u8>>> {
    let place = |key: &Dimension| UNITS.contains(key);
    let others: Vec<usize> = (0..sheet.keys.len())
        .filter(|at| sheet.keys.get(*at).is_some_and(|it| !place(it)))
        .collect();
    let (mut published, mut groups) = (Published::new(), BTreeSet::new());
    // What is left of a whole beside its published parts is no unit.
    let whole = |row: &&Row| row.labels.iter().all(|it| *it != OTHER);
    for row in sheet.rows.iter().filter(whole) {
        let mut places =
            sheet.keys.iter().zip(&row.labels).filter(|it| place(it.0) && *it.1 != ALL);
        let (Some((unit, label)), None) = (places.next(), places.next()) else { continue };
        let group: Vec<&str> =
            others.iter().filter_map(|at| row.labels.get(*at)).map(Word::as_str).collect();
        if *unit == Dimension::Sector {
            groups.insert(group.clone());
        }
        if row.people.is_some() {
            published.insert((*unit, label, group), row);
        }
    }
    if groups.is_empty() {
        return Ok(None);
    }
    let fault = |cause: csv::Error| Error::fault("F03", cause.to_string());
    let mut out = csv::Writer::from_writer(Vec::new());
    let named = others.iter().filter_map(|at| sheet.keys.get(*at)).map(|it| it.name());
    let measures = ["unit_level", "unit", "people", "people_lo", "people_hi", "status"];
    let header: Vec<&str> = std::iter::once("sector").chain(named).chain(measures).collect();
    out.write_record(&header).map_err(fault)?;
    for units in homes(codes) {
        let Some((_, sector)) = units.first() else { continue };
        for group in &groups {
            let found = units.iter().find_map(|(unit, label)| {
                let row = published.get(&(*unit, label, group.clone()))?;
                Some((unit.name(), *label, row.people?, row.status()))
            });
            let mut fields = vec![(*sector).to_owned()];
            fields.extend(group.iter().map(|it| (*it).to_owned()));
            fields.extend(match found {
                Some((unit, label, people, status)) => {
                    let [value, lo, hi] =
                        [people.value, people.lo, people.hi].map(|it| it.to_string());
                    [unit.to_owned(), label.to_owned(), value, lo, hi, status.to_owned()]
                }
                None => [HIDDEN; 6].map(str::to_owned),
            });
            out.write_record(&fields).map_err(fault)?;
        }
    }
    let bytes = out.into_inner().map_err(|cause| Error::fault("F03", cause.to_string()))?;
    Ok(Some(bytes))
}

/// For each sector of the code list: itself and the units around it, the finest first.
fn homes(codes: &Codes) -> impl Iterator<Item = Vec<(Dimension, &str)>> {
    let stored = codes.list(Dimension::Sector).positions();
    (0..stored.len()).filter(|at| stored.get(*at).is_some_and(|it| *it != NOWHERE)).map(|at| {
        let unit = |dimension: Dimension| {
            let list = codes.list(dimension);
            let position = usize::try_from(*list.positions().get(at)?).ok()?;
            Some((dimension, list.labels().get(position)?.as_str()))
        };
        UNITS.into_iter().filter_map(unit).collect()
    })
}

#[cfg(test)]
mod tests {
    use reference::{Geography, SiteList};

    use super::*;
    use crate::publish::shares::Shares;
    use crate::report::Estimate;

    const KEYS: [Dimension; 5] = [
        Dimension::Sector,
        Dimension::District,
        Dimension::Area,
        Dimension::AgeBand,
        Dimension::Region,
    ];

    fn row(labels: [&str; 5], people: Option<i64>) -> Row {
        let estimate =
            |value| Estimate { value, lo: value - 9, hi: value + 9, near_threshold: false };
        Row {
            level: "".into(),
            labels: labels.map(Into::into).into(),
            people: people.map(estimate),
            sums: Box::default(),
            quantiles: Box::default(),
            shares: Shares::default(),
        }
    }

    #[test]
    fn the_finest_published_unit_speaks_for_each_sector_and_group() {
        let codes = Codes::new(Geography::built_in(), SiteList::built_in(), &["SG".to_owned()]);
        let sectors = codes.list(Dimension::Sector).labels();
        let own = |text: &str| sectors.iter().find(|it| it.starts_with(text)).unwrap().as_str();
        let (first, second) = (own("SG1 "), own("SG2 "));
        let rows = vec![
            row([first, ALL, ALL, "18-24", ALL], Some(120)),
            row([second, ALL, ALL, "18-24", ALL], None),
            row([ALL, "SG2", ALL, "18-24", ALL], Some(300)),
            row([first, ALL, ALL, "75+", ALL], None),
            row([ALL, "SG1", ALL, "75+", ALL], None),
            row([ALL, ALL, "SG", "75+", ALL], Some(900)),
            row([first, ALL, ALL, OTHER, ALL], Some(700)),
            // Another grouping of the same people says nothing of this one.
            row([ALL, "SG2", ALL, ALL, ALL], Some(5_000)),
        ];
        let sheet = Sheet {
            keys: KEYS.to_vec(),
            measures: Vec::new(),
            quantiles: None,
            shares: false,
            rows,
        };
        let text = String::from_utf8(csv(&codes, &sheet).unwrap().unwrap()).unwrap();
        let has = |line: String| assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        has("sector,age_band,unit_level,unit,people,people_lo,people_hi,status".to_owned());
        has(format!("{first},18-24,sector,{first},120,111,129,A"));
        has(format!("{second},18-24,district,SG2,300,291,309,A"));
        has(format!("{first},75+,area,SG,900,891,909,A"));
        let hidden = own("SG3 ");
        has(format!("{hidden},18-24,[c],[c],[c],[c],[c],[c]"));
        assert_eq!(text.lines().count(), 1 + 2 * sectors.len());
    }

    #[test]
    fn a_release_without_sectors_has_no_such_file() {
        let codes = Codes::new(Geography::built_in(), SiteList::built_in(), &[]);
        let sheet = Sheet {
            keys: KEYS.to_vec(),
            measures: Vec::new(),
            quantiles: None,
            shares: false,
            rows: Vec::new(),
        };
        assert_eq!(csv(&codes, &sheet).unwrap(), None);
    }
}
