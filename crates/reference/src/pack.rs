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

#[cfg(test)]
mod tests {
    use super::*;

    /// Under this the pack stays light in every clone and every binary.
    const BYTES_MAX: usize = 1_000_000;

    const MEMBERS: [(&str, &[u8]); 6] = [
        ("ATTRIBUTION.txt", crate::ATTRIBUTION.as_bytes()),
        ("outlines.txt.gz", OUTLINES),
        ("places.csv", PLACES.as_bytes()),
        ("pyramid.csv", PYRAMID.as_bytes()),
        ("sectors.csv.gz", SECTORS),
        ("sites.csv", SITES.as_bytes()),
    ];

    #[test]
    fn every_member_has_the_digest_on_the_list() {
        let digests = MEMBERS.map(|it| format!("{}  {}", blake3::hash(it.1).to_hex(), it.0));
        let listed: Vec<&str> = include_str!("../pack/B3SUMS").lines().collect();
        assert_eq!(digests.as_slice(), listed, "run `cargo xtask refdata`");
    }

    #[test]
    fn the_pack_is_small_and_its_compressed_members_are_whole() {
        assert!(MEMBERS.iter().map(|it| it.1.len()).sum::<usize>() < BYTES_MAX);
        assert!(!text(SECTORS).is_empty() && !text(OUTLINES).is_empty());
        assert_eq!(text(b"damaged"), "");
    }
}
