//! Reads the members of the pack that make up the geography.
//!
//! A line that cannot be read is left out: the tests of this crate rule that out for what is
//! built in.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::grid::Grid;
use super::{District, Geography, Place, Ring, Sector};
use crate::pack;

/// One line of the sectors' table.
struct Row<'text> {
    code: &'text str,
    lat: f64,
    lon: f64,
    postcodes: u32,
    lad: &'text str,
    region: &'text str,
    country: &'text str,
}

impl<'text> Row<'text> {
    fn parse(line: &'text str) -> Option<Self> {
        let mut fields = line.split(',');
        Some(Self {
            code: fields.next()?,
            lat: fields.next()?.parse().ok()?,
            lon: fields.next()?.parse().ok()?,
            postcodes: fields.next()?.parse().ok()?,
            lad: fields.next()?,
            region: fields.next()?,
            country: fields.next()?,
        })
    }

    fn district(&self) -> &'text str {
        self.code.split(' ').next().unwrap_or_default()
    }

    fn area(&self) -> &'text str {
        self.code.split(|it: char| it.is_ascii_digit()).next().unwrap_or_default()
    }
}

/// The geography of a table of sectors, one of names, and one of outlines.
pub(super) fn geography(sectors: &str, places: &str, outlines: &str) -> Geography {
    let names: BTreeMap<&str, &str> =
        places.lines().skip(1).filter_map(|line| line.split_once(',')).collect();
    let rows: Vec<Row<'_>> = sectors.lines().skip(1).filter_map(Row::parse).collect();
    let list = |of: fn(&Row<'_>) -> String| list(rows.iter().map(of), &names);
    let areas = list(|it| it.area().to_owned());
    let regions = list(|it| it.region.to_owned());
    let countries = list(|it| it.country.to_owned());
    let lads = list(|it| it.lad.to_owned());
    let codes = list(|it| it.district().to_owned());
    let sectors: Vec<Sector> = rows
        .iter()
        .map(|row| Sector {
            code: row.code.to_owned(),
            district: position(&codes, row.district()),
            area: position(&areas, row.area()),
            region: position(&regions, row.region),
            country: position(&countries, row.country),
            lad: position(&lads, row.lad),
            lat: row.lat,
            lon: row.lon,
            postcodes: row.postcodes,
        })
        .collect();
    let districts = districts(codes, &sectors, outlines);
    let hash = blake3::hash(&[pack::SECTORS, pack::OUTLINES].concat()).to_hex().to_string();
    let grid = Grid::new(&sectors);
    let attribution = crate::ATTRIBUTION;
    Geography { sectors, districts, areas, regions, countries, lads, grid, attribution, hash }
}

/// Distinct codes in order, each with its name; a code without one is its own name.
fn list(codes: impl Iterator<Item = String>, names: &BTreeMap<&str, &str>) -> Vec<Place> {
    let mut codes: Vec<String> = codes.collect();
    codes.sort();
    codes.dedup();
    let place = |code: String| {
        let name = names.get(code.as_str()).map_or_else(|| code.clone(), |it| (*it).to_owned());
        Place { code, name }
    };
    codes.into_iter().map(place).collect()
}

fn position(list: &[Place], code: &str) -> u16 {
    let at = list.binary_search_by(|it| it.code.as_str().cmp(code)).unwrap_or_default();
    u16::try_from(at).unwrap_or_default()
}

fn districts(codes: Vec<Place>, sectors: &[Sector], outlines: &str) -> Vec<District> {
    let outlines: BTreeMap<&str, Vec<Ring>> = outlines
        .lines()
        .filter_map(|line| line.split_once(';'))
        .map(|(code, rings)| (code, rings.split('|').map(ring).collect()))
        .collect();
    let mut members: Vec<Vec<&Sector>> = vec![Vec::new(); codes.len()];
    for sector in sectors {
        if let Some(members) = members.get_mut(usize::from(sector.district)) {
            members.push(sector);
        }
    }
    let whole = codes.into_iter().zip(members).map(|(place, members)| {
        let outline = outlines.get(place.code.as_str()).cloned().unwrap_or_default();
        district(place.code, &members, outline)
    });
    whole.collect()
}

fn district(code: String, members: &[&Sector], outline: Vec<Ring>) -> District {
    let postcodes: u32 = members.iter().map(|it| it.postcodes).sum();
    let mean = |of: fn(&Sector) -> f64| {
        let sum: f64 = members.iter().map(|it| of(it) * f64::from(it.postcodes)).sum();
        sum / f64::from(postcodes.max(1))
    };
    let mut by_region = BTreeMap::<(u16, u16), u32>::new();
    for sector in members {
        *by_region.entry((sector.region, sector.country)).or_default() += sector.postcodes;
    }
    let most = by_region.into_iter().max_by_key(|it| (it.1, Reverse(it.0)));
    let (region, country) = most.map_or((0, 0), |it| it.0);
    District {
        code,
        area: members.first().map_or(0, |it| it.area),
        region,
        country,
        lat: mean(|it| it.lat),
        lon: mean(|it| it.lon),
        postcodes,
        outline,
    }
}

/// Reads steps `lon lat lon lat …` in ten-thousandths of a degree, the first from (0, 0), and
/// closes the ring.
fn ring(text: &str) -> Ring {
    let numbers: Vec<i32> = text.split(' ').filter_map(|it| it.parse().ok()).collect();
    let (mut lon, mut lat) = (0, 0);
    let corners = numbers.chunks_exact(2).map(|step| {
        lon += step[0];
        lat += step[1];
        (f64::from(lon) / 1e4, f64::from(lat) / 1e4)
    });
    let mut ring: Ring = corners.collect();
    ring.extend(ring.first().copied());
    ring
}
