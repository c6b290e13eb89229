//! Short arrays for what a page holds tens of thousands of.

use serde::{Serialize, Serializer};

use super::figures::{Estimate, GroupIndex, Ratio};

/// `[value, lo, hi]`, with a fourth `1` near the threshold.
impl Serialize for Estimate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { value, lo, hi, near_threshold } = *self;
        if near_threshold {
            (value, lo, hi, 1).serialize(to)
        } else {
            (value, lo, hi).serialize(to)
        }
    }
}

/// `[value, lo, hi]`: four decimals under ten, one from there on.
impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let short = |it: f64| if it.abs() < 10.0 { rounded(it, 1e4) } else { rounded(it, 10.0) };
        (short(self.value), short(self.lo), short(self.hi)).serialize(to)
    }
}

/// `[dimension, value, composition, index]`.
impl Serialize for GroupIndex {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (&self.dimension, &self.value, &self.composition, &self.index).serialize(to)
    }
}

/// Rings with four decimals, about ten metres.
pub(super) fn rings<S: Serializer>(rings: &[Vec<(f64, f64)>], to: S) -> Result<S::Ok, S::Error> {
    let point = |&(lon, lat): &(f64, f64)| (rounded(lon, 1e4), rounded(lat, 1e4));
    to.collect_seq(rings.iter().map(|ring| ring.iter().map(point).collect::<Vec<_>>()))
}

fn rounded(value: f64, scale: f64) -> f64 {
    (value * scale).round() / scale
}
