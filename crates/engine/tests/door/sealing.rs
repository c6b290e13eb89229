//! Sealed days: sorted, distinct, the same whatever memory and threads there are.

use super::fixture::{CELLS, CUSTOMERS, EVENTS, WEB, World, adult, cell, event, web};

/// Two days of many rows in three files that overlap, in no order.
fn busy(world: &World) {
    // More customers than rows are of: they need half a megabyte to be put in order.
    let ids: Vec<String> = (0..8_000).map(|it| format!("test-{it:06}")).collect();
    world.write("customers.csv", CUSTOMERS, &ids.iter().map(|it| adult(it)).collect::<Vec<_>>());
    let cells: Vec<_> = (0..40).map(|it| cell(&format!("c{it}"), it * 50, "", "")).collect();
    world.write("cells.csv", CELLS, &cells);
    let sites = &reference::SiteList::built_in().sites;
    let hosts: Vec<_> = sites.iter().filter(|it| !it.sensitive).collect();
    for file in 0..3_usize {
        let (mut events, mut records) = (Vec::new(), Vec::new());
        for row in 0..40_000_usize {
            let mix = (row + file * 13).wrapping_mul(2_654_435_761) >> 7;
            let id = &ids[mix % 400];
            let (day, hour) = (1 + mix / 400 % 2, mix / 800 % 24);
            let instant =
                format!("2026-10-{day:02}T{hour:02}:{:02}:{:02}Z", mix / 7 % 60, mix % 60);
            events.push(event(id, &instant, &format!("c{}", mix / 11 % 40)));
            records.push(web(id, &instant, &hosts[mix / 5 % hosts.len()].domain, 10));
        }
        world.write(&format!("events/2026-10-{:02}.csv", file + 1), EVENTS, &events);
        world.write(&format!("web/2026-10-{:02}.csv", file + 1), WEB, &records);
    }
}

#[test]
fn little_memory_and_one_thread_make_the_same_files() {
    let world = World::new();
    world.tolerate_wrong_rows();
    busy(&world);
    world.ingest().unwrap();
    let mut twin = world.twin();
    twin.tolerate_wrong_rows();
    busy(&twin);
    // An eighth of it is left for sorting, and the rows of web records need three megabytes to be sorted at once.
    twin.instance.config.memory = 15_000_000;
    twin.instance.config.threads = 1;
    twin.ingest().unwrap();
    assert_eq!(twin.vault_files(), world.vault_files());
}

#[test]
fn days_are_sorted_and_distinct() {
    let world = World::new();
    world.tolerate_wrong_rows();
    busy(&world);
    let report = world.ingest().unwrap();
    assert_eq!(report.days_sealed["visit"], ["2026-10-01", "2026-10-02", "2026-10-03"]);
    let presence = world.presence();
    assert!(presence.windows(2).all(|pair| pair[0] < pair[1]));
    let visits: Vec<_> = world.visits().into_iter().map(|it| (it.0, it.1, it.2, it.3)).collect();
    assert!(visits.windows(2).all(|pair| pair[0] <= pair[1]));
    assert!(presence.len() > 10_000 && visits.len() > 10_000);
}

#[test]
fn hits_of_half_an_hour_are_one_visit() {
    let world = World::with_one_of_each();
    let site = &reference::SiteList::built_in().sites[0].domain;
    let hit = |time: &str, seconds| {
        web("test-000001", &format!("2026-10-02T{time}Z"), &format!("www.{site}"), seconds)
    };
    let rows =
        [hit("08:00:00", 60), hit("08:30:00", 0), hit("09:10:00", 200), hit("22:59:50", 600)];
    world.write("web/1.csv", WEB, &rows);
    world.ingest().unwrap();
    let visits: Vec<_> = world.visits().into_iter().map(|it| (it.3, it.4)).collect();
    assert_eq!(visits, [(9, 31), (10, 4), (23, 1)]);
}
