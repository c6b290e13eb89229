//! Compares the derived sectors with another derivation of the same public tables.

use std::path::Path;

use super::postcodes::Nation;
use super::{Failure, grid};

/// Kilometres of a degree of latitude, and of one of longitude about the middle of the country.
const KILOMETRES: (f64, f64) = (111.2, 65.4);

/// Prints how many sectors both have and how far apart their points are.
#[expect(clippy::print_stdout, reason = "a task tells what it found")]
pub(crate) fn report(nation: &Nation, other: Option<&Path>) -> Result<(), Failure> {
    println!("{} sectors, {} authorities", nation.sectors.len(), nation.authorities.len());
    let Some(other) = other else {
        println!("comparison SKIPPED: no --compare FILE");
        return Ok(());
    };
    let mut rows = csv::Reader::from_path(other)?;
    let header = rows.headers()?.clone();
    let column = |name: &str| {
        let at = header.iter().position(|it| it == name);
        at.ok_or_else(|| format!("{} has no column `{name}`", other.display()))
    };
    let (code, lat, lon) = (column("sector")?, column("lat")?, column("lon")?);
    let (mut apart, mut missing) = (Vec::new(), 0_usize);
    for row in rows.records() {
        let row = row?;
        let field = |at: usize| row.get(at).unwrap_or_default();
        let Some(sector) = nation.sectors.get(field(code)) else {
            missing += 1;
            continue;
        };
        let here = grid::to_degrees(sector.mean());
        let there: (f64, f64) = (field(lat).parse()?, field(lon).parse()?);
        let north = (here.0 - there.0) * KILOMETRES.0;
        apart.push(north.hypot((here.1 - there.1) * KILOMETRES.1));
    }
    apart.sort_by(f64::total_cmp);
    let part = |of: usize| apart.get(apart.len() * of / 100).copied().unwrap_or_default();
    println!("comparison: {} sectors in both, {missing} only there", apart.len());
    println!("kilometres apart: half below {:.3}, 99 of 100 below {:.3}", part(50), part(99));
    Ok(())
}
