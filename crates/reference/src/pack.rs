//! The embedded pack: plain text, some of it compressed.

use std::io::Read;

use flate2::read::GzDecoder;

pub(crate) const PYRAMID: &str = include_str!("../pack/pyramid.csv");
pub(crate) const SITES: &str = include_str!("../pack/sites.csv");
pub(crate) const PLACES: &str = include_str!("../pack/places.csv");
pub(crate) const SECTORS: &[u8] = include_bytes!("../pack/sectors.csv.gz");
pub(crate) const OUTLINES: &[u8] = include_bytes!("../pack/outlines.txt.gz");

/// The text of a compressed member; empty when it is damaged, which the tests of this crate rule
/// out for what is built in.
pub(crate) fn text(compressed: &[u8]) -> String {
    let mut text = String::new();
    match GzDecoder::new(compressed).read_to_string(&mut text) {
        Ok(_) => text,
        Err(_) => String::new(),
    }
}
