//! Where customers live and cells stand: whole postcode areas from the origin outwards.

use reference::{Geography, Pyramid};

use crate::chance::{Purpose, stream};
use crate::world::{SimulateError, Spread, World};

/// The operator's share of residents.
pub(crate) const MARKET_SHARE: f64 = 0.4;

/// The areas are enough when they would hold this share of the customers, and too many above it.
const FULL: (f64, f64) = (0.95, 1.08);

/// One cell for so many postcodes: denser where people are.
const POSTCODES_PER_CELL: u32 = 45;

/// A radio cell.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub lat: f64,
    pub lon: f64,
    /// Number of the district in which its position lies.
    pub district: u16,
    /// Taken down before the first day.
    pub retired: bool,
}

/// The operator's country.
#[derive(Clone, Debug)]
pub(crate) struct Land {
    /// Postcode areas, in the order in which they were filled.
    pub areas: Vec<String>,
    /// Sector number and customers who live there.
    pub homes: Vec<(u16, u32)>,
    pub cells: Vec<Cell>,
    /// For each of `homes`: its live cells.
    pub cells_of_home: Vec<std::ops::Range<usize>>,
}

impl Land {
    pub fn new(world: &World, geography: &Geography) -> Result<Self, SimulateError> {
        let postcodes: u32 = geography.sectors.iter().map(|it| it.postcodes).sum();
        let total = number(Pyramid::built_in().total());
        let per_postcode = MARKET_SHARE * total / f64::from(postcodes);
        let room = f64::from(postcodes) * per_postcode;
        let wanted = f64::from(world.subscribers);
        if wanted > room {
            return Err(SimulateError::TooMany { asked: world.subscribers, most: whole(room) });
        }
        let mut areas = Vec::new();
        let mut homes: Vec<(u16, f64)> = Vec::new();
        let mut filled = 0.0;
        for area in area_order(world, geography)? {
            let members = (0_u16..).zip(&geography.sectors).filter(|it| it.1.area == area);
            let own: Vec<(u16, f64)> =
                members.map(|(at, it)| (at, f64::from(it.postcodes) * per_postcode)).collect();
            let people: f64 = own.iter().map(|it| it.1).sum();
            let fits = areas.is_empty() || filled + people <= wanted * FULL.1;
            if world.spread == Spread::Outwards && !fits {
                continue;
            }
            filled += people;
            homes.extend(own);
            areas.extend(geography.areas.get(usize::from(area)).map(|it| it.code.clone()));
            if world.spread == Spread::Outwards && filled >= wanted * FULL.0 {
                break;
            }
        }
        // Whole areas never hold exactly so many: all are made a little denser or thinner.
        let homes = apportion(&homes, wanted / filled, world.subscribers);
        let (cells, cells_of_home) = cells(world, geography, &homes);
        Ok(Self { areas, homes, cells, cells_of_home })
    }
}

/// Areas by distance from the origin area's middle.
fn area_order(world: &World, geography: &Geography) -> Result<Vec<u16>, SimulateError> {
    let middle = |area: u16| {
        let members = geography.sectors.iter().filter(|it| it.area == area);
        let sum =
            members.fold((0.0, 0.0, 0.0), |sum, it| (sum.0 + it.lat, sum.1 + it.lon, sum.2 + 1.0));
        (sum.0 / sum.2, sum.1 / sum.2)
    };
    let origin = (0_u16..).zip(&geography.areas).find(|it| it.1.code == world.origin);
    let Some((origin, _)) = origin else {
        let known = geography.areas.iter().map(|it| it.code.as_str()).collect::<Vec<_>>();
        return Err(SimulateError::UnknownArea {
            asked: world.origin.clone(),
            known: known.join(" "),
        });
    };
    let from = middle(origin);
    let mut order: Vec<(f64, u16)> = (0_u16..)
        .zip(&geography.areas)
        .map(|(area, _)| {
            let at = middle(area);
            ((at.0 - from.0).hypot((at.1 - from.1) * 0.6), area)
        })
        .collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    Ok(order.into_iter().map(|it| it.1).collect())
}

/// Whole customers for each sector, exactly `total` together, by largest remainder.
fn apportion(homes: &[(u16, f64)], scale: f64, total: u32) -> Vec<(u16, u32)> {
    let mut shares: Vec<(u16, u32, f64)> = homes
        .iter()
        .map(|&(sector, people)| {
            let share = people * scale;
            (sector, whole(share), share.fract())
        })
        .collect();
    let given: u32 = shares.iter().map(|it| it.1).sum();
    let mut by_rest: Vec<usize> = (0..shares.len()).collect();
    by_rest.sort_by(|&a, &b| shares[b].2.total_cmp(&shares[a].2).then(a.cmp(&b)));
    let missing = usize::try_from(total.saturating_sub(given)).unwrap_or_default();
    for &at in by_rest.iter().take(missing) {
        shares[at].1 += 1;
    }
    shares.into_iter().map(|it| (it.0, it.1)).collect()
}

fn cells(
    world: &World,
    geography: &Geography,
    homes: &[(u16, u32)],
) -> (Vec<Cell>, Vec<std::ops::Range<usize>>) {
    let mut cells: Vec<Cell> = Vec::new();
    let mut ranges = Vec::with_capacity(homes.len());
    for &(sector, _) in homes {
        let Some(home) = geography.sectors.get(usize::from(sector)) else { continue };
        let mut rng = stream(world.seed, Purpose::Cell, u64::from(sector), 0);
        let first = cells.len();
        let count = 2 + home.postcodes / POSTCODES_PER_CELL;
        for _ in 0..count {
            let (lat, lon) = (home.lat + jitter(&mut rng), home.lon + jitter(&mut rng) * 1.7);
            let near = geography.nearest_sector(lat, lon).unwrap_or(sector);
            let district = geography.sectors.get(usize::from(near)).map_or(0, |it| it.district);
            cells.push(Cell { lat, lon, district, retired: false });
        }
        ranges.push(first..cells.len());
        if rng.f64() < 0.05 {
            cells.push(Cell {
                lat: home.lat,
                lon: home.lon,
                district: home.district,
                retired: true,
            });
        }
    }
    (cells, ranges)
}

/// About half a kilometre, in degrees of latitude.
fn jitter(rng: &mut fastrand::Rng) -> f64 {
    (rng.f64() + rng.f64() - 1.0) * 0.006
}

#[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "far below 2^53")]
fn number(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of people: positive and far below 2^32"
)]
pub(crate) fn whole(value: f64) -> u32 {
    value as u32
}
