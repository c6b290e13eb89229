//! Where customers live and cells stand: whole postcode areas from the origin outwards.

use std::collections::BTreeMap;

use reference::{Geography, Pyramid};

use crate::chance::{Purpose, stream};
use crate::world::{SimulateError, Spread, World};

/// The operator's share of residents.
pub(crate) const MARKET_SHARE: f64 = 0.4;

/// Half of all people: the largest operator that there is room for, in all of Great Britain.
const MARKET_SHARE_MOST: f64 = 0.5;

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
    pub cells_of_home: Vec<std::ops::Range<u32>>,
    /// The point of each home's sector: latitude, longitude.
    points: Vec<(f64, f64)>,
    /// Homes nearest to each, near ones first.
    near: Vec<Vec<u32>>,
    /// The home at which the shopping centre stands, and the one of the stadium.
    pub centre: u32,
    pub stadium: u32,
    /// For each cell: whether nobody is to be counted there.
    pub shut: Vec<bool>,
    /// For each cell, the district in which people are counted there; none at a shut one.
    counted: Vec<Option<u16>>,
    /// A cell that was taken down before the first day; every land of more than a few cells has one.
    pub retired: Option<u32>,
    /// Sensitive places: latitude, longitude.
    pub sensitive: Vec<(f64, f64)>,
}

/// How far a sensitive place reaches, metres.
pub(crate) const SENSITIVE_RADIUS_M: f64 = 300.0;

impl Land {
    /// Metres between two homes.
    pub fn distance_m(&self, from: u32, to: u32) -> f64 {
        let point = |at: u32| usize::try_from(at).ok().and_then(|at| self.points.get(at).copied());
        point(from).zip(point(to)).map_or(0.0, |(from, to)| distance_m(from, to))
    }

    /// The district in which people at a cell are counted; none where nobody is.
    pub fn counted_in(&self, cell: u32) -> Option<u16> {
        usize::try_from(cell).ok().and_then(|at| self.counted.get(at).copied())?
    }

    /// A live cell over 12 km from another; none when the land is too small, or nobody is counted there.
    pub fn far_from(&self, cell: u32, number: u32) -> Option<u32> {
        // Rows at a sensitive place are dropped: then nothing would tell that the other is wrong.
        let at = usize::try_from(cell).ok().filter(|at| self.shut.get(*at) == Some(&false))?;
        let here = self.cells.get(at)?;
        let count = u32::try_from(self.cells.len()).unwrap_or(u32::MAX).max(1);
        (0..64).map(|step| number.wrapping_add(step * 7_919) % count).find(|&at| {
            let there = usize::try_from(at).ok().and_then(|at| self.cells.get(at));
            let open = usize::try_from(at).ok().and_then(|at| self.shut.get(at)) == Some(&false);
            let far = there.is_some_and(|it| {
                !it.retired && distance_m((here.lat, here.lon), (it.lat, it.lon)) > 12_000.0
            });
            far && open
        })
    }

    /// The homes near a home, near ones first.
    pub fn near_to(&self, home: u32) -> &[u32] {
        usize::try_from(home).ok().and_then(|at| self.near.get(at)).map_or(&[], Vec::as_slice)
    }

    /// One of the homes near a home, the nearest is 0.
    pub fn neighbour(&self, home: u32, rank: u32) -> u32 {
        let near = usize::try_from(home).ok().and_then(|at| self.near.get(at));
        let rank = usize::try_from(rank).unwrap_or_default();
        near.and_then(|it| it.get(rank).copied()).unwrap_or(home)
    }

    pub fn new(world: &World, geography: &Geography) -> Result<Self, SimulateError> {
        let postcodes: u32 = geography.sectors.iter().map(|it| it.postcodes).sum();
        let total = number(Pyramid::built_in().total());
        let per_postcode = MARKET_SHARE * total / f64::from(postcodes);
        let room = MARKET_SHARE_MOST * total;
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
        let point = |home: &(u16, u32)| {
            let sector = geography.sectors.get(usize::from(home.0));
            sector.map_or((0.0, 0.0), |it| (it.lat, it.lon))
        };
        let points: Vec<(f64, f64)> = homes.iter().map(point).collect();
        let near = near(&points);
        let largest = (0_u32..).zip(&homes).max_by_key(|it| it.1.1).map_or(0, |it| it.0);
        let neighbour = |home: u32, rank: usize| {
            let near = usize::try_from(home).ok().and_then(|at| near.get(at));
            near.and_then(|it| it.get(rank).copied()).unwrap_or(home)
        };
        let (centre, stadium) = (neighbour(largest, 1), neighbour(largest, 3));
        let (sensitive, shut) = sensitive(world, &cells);
        let counted = cells.iter().zip(&shut).map(|(it, shut)| (!shut).then_some(it.district));
        let counted = counted.collect();
        let retired = (0..).zip(&cells).find(|it| it.1.retired).map(|it| it.0);
        let land = Self {
            areas,
            homes,
            cells,
            cells_of_home,
            points,
            near,
            centre,
            stadium,
            shut,
            counted,
            retired,
            sensitive,
        };
        Ok(land)
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
) -> (Vec<Cell>, Vec<std::ops::Range<u32>>) {
    let mut cells: Vec<Cell> = Vec::new();
    let mut ranges = Vec::with_capacity(homes.len());
    for &(sector, _) in homes {
        let Some(home) = geography.sectors.get(usize::from(sector)) else { continue };
        let mut rng = stream(world.seed, Purpose::Cell, u64::from(sector), 0);
        let first = u32::try_from(cells.len()).unwrap_or_default();
        let count = 2 + home.postcodes / POSTCODES_PER_CELL;
        for _ in 0..count {
            let (lat, lon) = (home.lat + jitter(&mut rng), home.lon + jitter(&mut rng) * 1.7);
            let near = geography.nearest_sector(lat, lon).unwrap_or(sector);
            let district = geography.sectors.get(usize::from(near)).map_or(0, |it| it.district);
            cells.push(Cell { lat, lon, district, retired: false });
        }
        ranges.push(first..first + count);
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

/// The homes nearest to each, near ones first.
fn near(points: &[(f64, f64)]) -> Vec<Vec<u32>> {
    let of = |here: &(f64, f64)| {
        let mut others: Vec<(f64, u32)> = (0_u32..)
            .zip(points)
            .map(|(at, there)| {
                let (north, east) = (there.0 - here.0, (there.1 - here.1) * 0.6);
                // The square is as good to tell who is nearer.
                (north * north + east * east, at)
            })
            .filter(|it| it.0 > 0.0)
            .collect();
        let most = others.len().min(NEAR);
        if most < others.len() {
            others.select_nth_unstable_by(most, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        others.truncate(most);
        others.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        others.into_iter().map(|it| it.1).collect()
    };
    points.iter().map(of).collect()
}

/// 40 homes: where people work and go.
const NEAR: usize = 40;

/// Sensitive places, each where a cell stands, and which cells see one.
fn sensitive(world: &World, cells: &[Cell]) -> (Vec<(f64, f64)>, Vec<bool>) {
    let chosen = (0_u64..).zip(cells).filter(|(at, _)| {
        let mut rng = stream(world.seed, Purpose::Cell, *at, 1);
        rng.f64() < world.rates.sensitive_place
    });
    let places: Vec<(f64, f64)> = chosen.map(|(_, it)| round(it.lat, it.lon)).collect();
    let sees = |cell: &Cell| {
        let here = round(cell.lat, cell.lon);
        places.iter().any(|there| {
            (there.0 - here.0).abs() < 0.01 && distance_m(*there, here) <= SENSITIVE_RADIUS_M
        })
    };
    let mut shut: Vec<bool> = cells.iter().map(sees).collect();
    // An area most of whose cells see a sensitive place is left out whole.
    let mut districts = BTreeMap::<u16, (u32, u32)>::new();
    for (cell, shut) in cells.iter().zip(&shut) {
        let counts = districts.entry(cell.district).or_default();
        counts.0 += u32::from(*shut);
        counts.1 += 1;
    }
    for (cell, shut) in cells.iter().zip(&mut shut) {
        *shut |= districts.get(&cell.district).is_some_and(|it| 2 * it.0 > it.1);
    }
    (places, shut)
}

/// A place as files write it: to a millionth of a degree.
pub(crate) fn round(lat: f64, lon: f64) -> (f64, f64) {
    let round = |it: f64| (it * 1e6).round() / 1e6;
    (round(lat), round(lon))
}

/// Metres between two places, on a sphere of 6,371,008.8 m (haversine).
pub(crate) fn distance_m(from: (f64, f64), to: (f64, f64)) -> f64 {
    let half = |a: f64, b: f64| ((b - a).to_radians() / 2.0).sin().powi(2);
    let way = half(from.0, to.0)
        + from.0.to_radians().cos() * to.0.to_radians().cos() * half(from.1, to.1);
    2.0 * 6_371_008.8 * way.sqrt().min(1.0).asin()
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
