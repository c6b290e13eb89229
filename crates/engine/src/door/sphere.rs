//! Distances between places, fast enough for every row: unit vectors, no trigonometry a row.

/// The mean radius of the earth, metres. Source: IUGG 1980, R1.
const RADIUS_M: f64 = 6_371_008.8;

/// A place as a unit vector.
#[derive(Clone, Copy, Debug)]
pub struct Point([f64; 3]);

impl Point {
    /// The place at a latitude and longitude, degrees.
    #[must_use]
    pub fn new(lat: f64, lon: f64) -> Self {
        let (lat, lon) = (lat.to_radians(), lon.to_radians());
        Self([lat.cos() * lon.cos(), lat.cos() * lon.sin(), lat.sin()])
    }

    /// The great-circle distance, metres.
    #[must_use]
    pub fn distance_m(self, other: Self) -> f64 {
        let pairs = self.0.iter().zip(other.0);
        let chord = pairs.map(|(own, other)| (own - other).powi(2)).sum::<f64>().sqrt();
        2.0 * RADIUS_M * (chord / 2.0).min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_the_sphere() {
        let check = |from: (f64, f64), to: (f64, f64), expected: f64| {
            let found = Point::new(from.0, from.1).distance_m(Point::new(to.0, to.1));
            assert!((found - expected).abs() < 1.0, "{from:?} {to:?}: {found}");
        };
        check((53.5, -2.2), (53.5, -2.2), 0.0);
        check((0.0, 0.0), (0.0, 1.0), 111_195.1);
        check((0.0, 0.0), (0.0, 180.0), 20_015_114.4);
        check((89.0, 0.0), (89.0, 180.0), 222_390.2);
    }
}
