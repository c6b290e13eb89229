//! Writes the truth with labels instead of numbers.

use std::fs;
use std::path::Path;

use reference::{AgeBand, Gender};

use super::FILES;
use super::seen::HOURS;
use super::tally::{Basis, Name, Tally};
use crate::world::SimulateError;

/// Writes the truth to `dir`.
pub(crate) fn write(tally: &Tally, basis: &Basis, dir: &Path) -> Result<(), SimulateError> {
    fs::create_dir_all(dir).map_err(|cause| SimulateError::write(dir, &cause))?;
    let land = basis.geography;
    let gender = |at: usize| Gender::ALL.get(at).map_or("", |it| it.code());
    let band = |at: usize| AgeBand::ALL.get(at).map_or("", |it| it.label());
    let residents = tally.residents.iter().map(|(&(home, g, b), people)| {
        let sector = land.sectors.get(usize::from(home)).map_or("", |it| it.code.as_str());
        format!("{sector},{},{},{people}", gender(usize::from(g)), band(usize::from(b)))
    });
    let present = tally.presence.iter().enumerate().filter(|it| *it.1 > 0);
    let mut present: Vec<_> = present
        .map(|(at, people)| (at / HOURS, at % HOURS % 24, at % HOURS / 24, people))
        .collect();
    present.sort_unstable();
    let presence = present.iter().map(|(at, hour, kind, people)| {
        let district = land.districts.get(*at).map_or("", |it| it.code.as_str());
        format!("{district},{hour},{},{people}", ["weekday", "weekend"][*kind])
    });
    let cells = tally.web_cells(basis);
    let web = cells.iter().map(|it| {
        let (level, name) = match it.name {
            Name::Base => ("base", ""),
            Name::Site(at) => {
                ("site", basis.list.sites.get(at).map_or("", |it| it.domain.as_str()))
            }
            Name::Category(at) => {
                ("category", basis.list.categories.get(at).map_or("", String::as_str))
            }
        };
        let name = if name.contains(',') { format!("\"{name}\"") } else { name.to_owned() };
        let region = land.regions.get(it.region).map_or("", |it| it.code.as_str());
        format!("{level},{name},{},{},{region},{}", gender(it.gender), band(it.band), it.people)
    });
    table(&dir.join(FILES[0]), "sector,gender,age_band,people", residents)?;
    table(&dir.join(FILES[1]), "district,hour,day_type,people", presence)?;
    table(&dir.join(FILES[2]), "level,name,gender,age_band,region,people", web)
}

fn table(
    path: &Path,
    header: &str,
    rows: impl Iterator<Item = String>,
) -> Result<(), SimulateError> {
    let mut text = format!("{header}\n");
    for row in rows {
        text.push_str(&row);
        text.push('\n');
    }
    fs::write(path, text).map_err(|cause| SimulateError::write(path, &cause))
}
