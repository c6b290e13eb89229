//! From the British national grid to degrees of WGS 84, to about five metres.
//!
//! Source: Ordnance Survey, "A guide to coordinate systems in Great Britain", annexes B and C
//! (inverse transverse Mercator on Airy 1830; Helmert transformation).

/// Semi-axes of Airy 1830 and of WGS 84, in metres.
const AIRY: (f64, f64) = (6_377_563.396, 6_356_256.909);
const WGS84: (f64, f64) = (6_378_137.0, 6_356_752.314_245);

/// Scale and true origin of the national grid.
const SCALE: f64 = 0.999_601_271_7;
const ORIGIN_LAT: f64 = 49.0;
const ORIGIN_LON: f64 = -2.0;
const ORIGIN_EAST: f64 = 400_000.0;
const ORIGIN_NORTH: f64 = -100_000.0;

/// Latitude and longitude of a point in metres east and north.
pub(crate) fn to_degrees((east, north): (f64, f64)) -> (f64, f64) {
    let (lat, lon) = unproject(east, north);
    let (x, y, z) = to_cartesian(lat, lon);
    let (x, y, z) = shift(x, y, z);
    from_cartesian(x, y, z)
}

fn eccentricity((a, b): (f64, f64)) -> f64 {
    (a * a - b * b) / (a * a)
}

/// The length of the meridian from the origin to `lat`.
fn meridian(lat: f64) -> f64 {
    let (a, b) = AIRY;
    let n = (a - b) / (a + b);
    let (n2, n3) = (n * n, n * n * n);
    let (minus, plus) = (lat - ORIGIN_LAT.to_radians(), lat + ORIGIN_LAT.to_radians());
    let first = (1.0 + n + 1.25 * (n2 + n3)) * minus;
    let second = (3.0 * n + 3.0 * n2 + 2.625 * n3) * minus.sin() * plus.cos();
    let third = 1.875 * (n2 + n3) * (2.0 * minus).sin() * (2.0 * plus).cos();
    let fourth = 35.0 / 24.0 * n3 * (3.0 * minus).sin() * (3.0 * plus).cos();
    b * SCALE * (first - second + third - fourth)
}

/// Radians on Airy 1830.
fn unproject(east: f64, north: f64) -> (f64, f64) {
    let a = AIRY.0;
    let e2 = eccentricity(AIRY);
    let mut lat = (north - ORIGIN_NORTH) / (a * SCALE) + ORIGIN_LAT.to_radians();
    for _ in 0..10 {
        lat += (north - ORIGIN_NORTH - meridian(lat)) / (a * SCALE);
    }
    let sin2 = lat.sin().powi(2);
    let nu = a * SCALE / (1.0 - e2 * sin2).sqrt();
    let rho = a * SCALE * (1.0 - e2) / (1.0 - e2 * sin2).powf(1.5);
    let eta2 = nu / rho - 1.0;
    let (t, sec) = (lat.tan(), 1.0 / lat.cos());
    let (t2, t4) = (t * t, t.powi(4));
    let d = east - ORIGIN_EAST;
    let vii = t / (2.0 * rho * nu);
    let viii = t / (24.0 * rho * nu.powi(3)) * (5.0 + 3.0 * t2 + eta2 - 9.0 * t2 * eta2);
    let ix = t / (720.0 * rho * nu.powi(5)) * (61.0 + 90.0 * t2 + 45.0 * t4);
    let x = sec / nu;
    let xi = sec / (6.0 * nu.powi(3)) * (nu / rho + 2.0 * t2);
    let xii = sec / (120.0 * nu.powi(5)) * (5.0 + 28.0 * t2 + 24.0 * t4);
    let found = lat - vii * d.powi(2) + viii * d.powi(4) - ix * d.powi(6);
    (found, ORIGIN_LON.to_radians() + x * d - xi * d.powi(3) + xii * d.powi(5))
}

fn to_cartesian(lat: f64, lon: f64) -> (f64, f64, f64) {
    let e2 = eccentricity(AIRY);
    let nu = AIRY.0 / (1.0 - e2 * lat.sin().powi(2)).sqrt();
    (nu * lat.cos() * lon.cos(), nu * lat.cos() * lon.sin(), (1.0 - e2) * nu * lat.sin())
}

/// OSGB36 to WGS 84: translation in metres, rotation in seconds of arc, scale in parts per million.
fn shift(x: f64, y: f64, z: f64) -> (f64, f64, f64) {
    let seconds = |it: f64| (it / 3600.0).to_radians();
    let (rx, ry, rz) = (seconds(0.1502), seconds(0.2470), seconds(0.8421));
    let scale = 1.0 - 20.4894e-6;
    (
        446.448 + scale * x - rz * y + ry * z,
        -125.157 + rz * x + scale * y - rx * z,
        542.060 - ry * x + rx * y + scale * z,
    )
}

fn from_cartesian(x: f64, y: f64, z: f64) -> (f64, f64) {
    let e2 = eccentricity(WGS84);
    let p = x.hypot(y);
    let mut lat = z.atan2(p * (1.0 - e2));
    for _ in 0..10 {
        let nu = WGS84.0 / (1.0 - e2 * lat.sin().powi(2)).sqrt();
        lat = (z + e2 * nu * lat.sin()).atan2(p);
    }
    (lat.to_degrees(), y.atan2(x).to_degrees())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_guides_example_comes_out_within_five_metres() {
        // Caister water tower, from the guide: grid TG 51409 13177, WGS 84 52°39'28.72" 1°42'57.79".
        let (lat, lon) = super::to_degrees((651_409.903, 313_177.270));
        assert!((lat - 52.657_977).abs() < 5e-5, "{lat}");
        assert!((lon - 1.716_052).abs() < 8e-5, "{lon}");
    }
}
