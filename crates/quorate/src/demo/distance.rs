//! How far published cells are from the truth, which only a simulation knows.

use std::collections::BTreeMap;

use engine::dimension::{Dimension, GENDERS_PLUS};
use engine::publish::{Publication, Row, Sheet};
use engine::report::TruthRow;
use reference::Geography;
use simulator::Truth;
use simulator::truth::Counts;

/// True people with the label of every dimension that they have.
type Labelled = Vec<(BTreeMap<Dimension, String>, u64)>;

/// One row for each published table.
pub fn of(publications: &[Publication], truth: &Truth) -> Vec<TruthRow> {
    let mut rows = Vec::new();
    for publication in publications {
        let product = publication.manifest.product.as_str();
        for marginal in &publication.manifest.marginals {
            let truth = match product {
                "residents" => residents(&truth.residents),
                "presence" => presence(&truth.presence),
                _ => web(&truth.web, &marginal.name),
            };
            rows.extend(compare(&publication.sheet, &marginal.name, &truth));
        }
    }
    rows
}

fn residents(counts: &Counts) -> Labelled {
    let geography = Geography::built_in();
    let place = |places: &[reference::Place], at: u16| {
        places.get(usize::from(at)).map_or_else(String::new, |it| it.code.clone())
    };
    let labelled = counts.iter().filter_map(|(labels, &people)| {
        let [code, gender, band] = labels.as_slice() else { return None };
        let sector = geography.sectors.get(usize::from(geography.sector_index(code)?))?;
        let district = geography.districts.get(usize::from(sector.district))?;
        let labels = [
            (Dimension::Sector, code.clone()),
            (Dimension::District, district.code.clone()),
            (Dimension::Area, place(&geography.areas, sector.area)),
            (Dimension::Region, place(&geography.regions, sector.region)),
            (Dimension::Lad, place(&geography.lads, sector.lad)),
            (Dimension::Gender, gender.clone()),
            (Dimension::AgeBand, band.clone()),
        ];
        Some((labels.into_iter().collect(), people))
    });
    labelled.flat_map(with_gender_plus).collect()
}

/// The same people by gender_plus too. The coin of X is the vault's business: half of them each way.
fn with_gender_plus(
    (labels, people): (BTreeMap<Dimension, String>, u64),
) -> impl Iterator<Item = (BTreeMap<Dimension, String>, u64)> {
    let shares = match labels.get(&Dimension::Gender).map(String::as_str) {
        Some("F") => [people, 0],
        Some("M") => [0, people],
        _ => [people / 2, people.div_ceil(2)],
    };
    GENDERS_PLUS.into_iter().zip(shares).map(move |(label, people)| {
        let mut labels = labels.clone();
        labels.insert(Dimension::GenderPlus, label.to_owned());
        (labels, people)
    })
}

fn presence(counts: &Counts) -> Labelled {
    let keys = [Dimension::PresentIn, Dimension::Hour, Dimension::DayType];
    counts
        .iter()
        .map(|(labels, &people)| (keys.into_iter().zip(labels.clone()).collect(), people))
        .collect()
}

/// Web truth of the tables about sites, categories, or anybody with a listed site.
fn web(counts: &Counts, table: &str) -> Labelled {
    // Whoever visited a listed site visited its category: the two bases are the same people.
    let is_base = table.split('_').any(|it| it == "base");
    let level = if is_base { "base" } else { table.split('_').next().unwrap_or_default() };
    let name = if level == "category" { Dimension::Category } else { Dimension::Site };
    let keys = [name, Dimension::Gender, Dimension::AgeBand, Dimension::Region];
    let own = counts.iter().filter(|(labels, _)| labels.first().is_some_and(|it| it == level));
    own.map(|(labels, &people)| (keys.into_iter().zip(labels[1..].to_vec()).collect(), people))
        .flat_map(with_gender_plus)
        .collect()
}

fn compare(sheet: &Sheet, table: &str, truth: &Labelled) -> Option<TruthRow> {
    let rows: Vec<&Row> = sheet.rows.iter().filter(|it| it.level == *table).collect();
    let first = rows.first()?;
    // Which cells OTHER takes together is not said.
    if first.labels.iter().any(|it| *it == engine::publish::OTHER) {
        return None;
    }
    let split = |at: &usize| first.labels.get(*at).is_some_and(|it| *it != engine::publish::ALL);
    let by: Vec<usize> = (0..sheet.keys.len()).filter(split).collect();
    let mut exact = BTreeMap::<Vec<&str>, u64>::new();
    for (labels, people) in truth {
        let key = by.iter().map(|&at| labels.get(&sheet.keys[at]).map_or("", String::as_str));
        *exact.entry(key.collect()).or_default() += people;
    }
    let mut errors = Vec::new();
    let (mut covered, mut smallest) = (0_u32, u64::MAX);
    for row in rows {
        let Some(people) = row.people else { continue };
        let key: Vec<&str> = by.iter().map(|&at| row.labels[at].as_str()).collect();
        let n = exact.get(&key).copied().unwrap_or(0);
        let n = i64::try_from(n).unwrap_or(i64::MAX);
        errors.push(relative(people.value, n));
        covered += u32::from((people.lo..=people.hi).contains(&n));
        smallest = smallest.min(u64::try_from(n).unwrap_or(0));
    }
    errors.sort_by(f64::total_cmp);
    let middle = errors.get(errors.len() / 2).copied()?;
    Some(TruthRow {
        marginal: table.to_owned(),
        cells: i64::try_from(errors.len()).unwrap_or(i64::MAX),
        median_relative_error: middle,
        covered_share: f64::from(covered) / f64::from(u32::try_from(errors.len()).unwrap_or(1)),
        smallest_published_truth: i64::try_from(smallest).unwrap_or(i64::MAX),
    })
}

fn relative(published: i64, exact: i64) -> f64 {
    let number = |it: i64| f64::from(i32::try_from(it).unwrap_or(i32::MAX));
    number((published - exact).abs()) / number(exact.max(1))
}
