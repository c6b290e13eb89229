//! Public facts that exist before any data is read: places, sites, age bands.
//!
//! Everything here may be published: it is the ground on which code lists stand. The pack under
//! `pack/` is derived by `cargo xtask refdata` and carries its attribution.

mod geography;
mod pack;
mod people;
mod pyramid;
mod sites;

pub use geography::{District, Geography, GeographyError, Level, Place, Ring, Sector, Zone, ring};
pub use people::{AgeBand, Gender};
pub use pyramid::Pyramid;
pub use sites::{Site, SiteList, SiteListError};

/// Who must be named wherever a map is shown.
pub const ATTRIBUTION: &str = include_str!("../pack/ATTRIBUTION.txt");
