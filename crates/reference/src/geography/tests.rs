use super::*;

#[test]
fn every_line_of_the_pack_is_understood() {
    let land = Geography::built_in();
    let lines = |member| pack::text(member).lines().count();
    assert_eq!(land.sectors.len(), lines(pack::SECTORS) - 1);
    assert_eq!(land.districts.len(), lines(pack::OUTLINES));
    assert_eq!((land.sectors.len(), land.districts.len()), (9_570, 2_736));
    assert_eq!((land.areas.len(), land.lads.len()), (120, 350));
    assert_eq!((land.regions.len(), land.countries.len()), (11, 3));
    assert_eq!(land.hash().len(), 64);
}

#[test]
fn lists_are_sorted_and_every_code_has_a_name() {
    let land = Geography::built_in();
    assert!(land.sectors.is_sorted_by(|a, b| a.code < b.code));
    assert!(land.districts.is_sorted_by(|a, b| a.code < b.code));
    for list in [&land.areas, &land.regions, &land.countries, &land.lads] {
        assert!(list.is_sorted_by(|a, b| a.code < b.code));
        for place in list {
            assert_ne!(place.code, place.name);
        }
    }
}

#[test]
fn every_sector_lies_in_its_district_area_region_and_country() {
    let land = Geography::built_in();
    for sector in &land.sectors {
        let code = |list: &[Place], at: u16| list[usize::from(at)].code.clone();
        let district = &land.districts[usize::from(sector.district)];
        let (area, region) = (code(&land.areas, sector.area), code(&land.regions, sector.region));
        let (country, lad) = (code(&land.countries, sector.country), code(&land.lads, sector.lad));
        assert_eq!(sector.code.split(' ').next(), Some(district.code.as_str()));
        assert_eq!(sector.area, district.area, "{}", sector.code);
        assert_eq!(district.code.trim_start_matches(&area).find(char::is_numeric), Some(0));
        assert_eq!((&region[..1], &lad[..1]), (&country[..1], &country[..1]), "{}", sector.code);
        assert!((49.0..61.5).contains(&sector.lat) && (-9.0..2.5).contains(&sector.lon));
        assert!(sector.postcodes > 0);
    }
}

#[test]
fn known_places_are_where_everybody_knows_them_to_be() {
    let land = Geography::built_in();
    let check = |postcode: &str, area: &str, region: &str, country: &str| {
        let sector = &land.sectors[usize::from(land.sector_of_postcode(postcode).unwrap())];
        assert_eq!(land.areas[usize::from(sector.area)].name, area, "{postcode}");
        assert_eq!(land.regions[usize::from(sector.region)].name, region, "{postcode}");
        assert_eq!(land.countries[usize::from(sector.country)].name, country, "{postcode}");
    };
    check("M2 5DB", "Manchester", "North West", "England");
    check("SW1A 2AA", "London SW", "London", "England");
    check("SK13 8BT", "Stockport", "East Midlands", "England");
    check("BN1 1EE", "Brighton", "South East", "England");
    check("EH1 1YZ", "Edinburgh", "Scotland", "Scotland");
    check("CF10 1EP", "Cardiff", "Wales", "Wales");
}

#[test]
fn postcodes_are_read_in_any_spacing_and_case() {
    let land = Geography::built_in();
    let check = |postcode: &str, expected: Option<&str>| {
        let found = land.sector_of_postcode(postcode);
        let code = found.map(|it| land.sectors[usize::from(it)].code.as_str());
        assert_eq!(code, expected, "`{postcode}`");
        assert_eq!(code.and_then(|it| land.sector_index(it)), found);
    };
    check("M1 1AD", Some("M1 1"));
    check(" m11ad", Some("M1 1"));
    check("M 1 1 A D", Some("M1 1"));
    check("sw1a 1aa\t", Some("SW1A 1"));
    check("M11 1AD", Some("M11 1"));
    for wrong in ["", " ", "M1", "1AD", "ZZ99 9ZZ", "M1 1A", "M1 1A9", "M1 1?!", "M1 1AD 55"] {
        check(wrong, None);
    }
    for wrong in ["\u{a3}\u{a3}\u{a3}", "M1\u{e9} 1AD", "BT1 1AA", "M1-1AD", "CR9 1AA"] {
        check(wrong, None);
    }
}

#[test]
fn a_sector_is_nearest_to_its_own_point() {
    let land = Geography::built_in();
    for (index, sector) in (0_u16..).zip(&land.sectors) {
        let found = land.nearest_sector(sector.lat, sector.lon).unwrap();
        let other = &land.sectors[usize::from(found)];
        assert!(found == index || (other.lat, other.lon) == (sector.lat, sector.lon));
    }
}

#[test]
fn the_grid_finds_what_a_search_of_all_sectors_finds() {
    let land = Geography::built_in();
    let nearest = |lat: f64, lon: f64| {
        let scale = lat.to_radians().cos();
        let kilometres = |it: &Sector| 111.2 * (it.lat - lat).hypot((it.lon - lon) * scale);
        let all = (0_u16..).zip(&land.sectors).map(|(index, it)| (kilometres(it), index));
        all.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|it| it.0 < 50.0).map(|it| it.1)
    };
    for (lat, lon) in (0..60).map(|it| (49.5 + f64::from(it) * 0.2, -8.0 + f64::from(it % 11))) {
        assert_eq!(land.nearest_sector(lat, lon), nearest(lat, lon), "{lat} {lon}");
    }
    for (lat, lon) in [(48.0, -20.0), (f64::NAN, 0.0), (0.0, 400.0), (-90.0, 180.0)] {
        assert_eq!(land.nearest_sector(lat, lon), None, "{lat} {lon}");
    }
}

/// Twice the area of a closed ring, positive when it runs counter-clockwise.
fn area(ring: &Ring) -> f64 {
    ring.windows(2).map(|it| it[0].0 * it[1].1 - it[1].0 * it[0].1).sum()
}

/// Whether the rings surround a point, by the even-odd rule.
fn surround(rings: &[Ring], (lon, lat): (f64, f64)) -> bool {
    let crosses = |it: &[(f64, f64)]| {
        let (from, to) = (it[0], it[1]);
        (from.1 > lat) != (to.1 > lat)
            && lon < from.0 + (lat - from.1) / (to.1 - from.1) * (to.0 - from.0)
    };
    rings.iter().flat_map(|ring| ring.windows(2)).filter(|it| crosses(it)).count() % 2 == 1
}

#[test]
fn outlines_are_closed_rings_around_an_area() {
    for district in &Geography::built_in().districts {
        let rings = &district.outline;
        assert!(rings.first().is_some_and(|it| area(it) > 0.0), "{}", district.code);
        assert!(rings.iter().map(area).sum::<f64>() > 0.0, "{}", district.code);
        for ring in rings {
            assert!(ring.len() >= 4 && ring.first() == ring.last(), "{}", district.code);
        }
    }
}

#[test]
fn sector_points_lie_in_the_outline_of_their_own_district() {
    let land = Geography::built_in();
    let inside = |it: &&Sector| {
        let outline = &land.districts[usize::from(it.district)].outline;
        surround(outline, (it.lon, it.lat))
    };
    let outside: Vec<&Sector> = land.sectors.iter().filter(|it| !inside(it)).collect();
    // A point amid scattered villages may be far from each of them.
    assert!(outside.len() < land.sectors.len() / 100, "{outside:?}");
}
