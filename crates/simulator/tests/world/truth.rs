//! The truth is what a reader of the raw files finds.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use reference::{Geography, SiteList};
use simulator::truth::Counts;
use simulator::{Summary, Truth, World};

use super::fixture::{local, made, small, table};
use super::reader::{Contract, cells, contract, devices, people, possible};

/// Distinct people by cell, with a set of people for each.
#[derive(Default)]
struct Sets(BTreeMap<Vec<String>, BTreeSet<usize>>);

impl Sets {
    fn add(&mut self, cell: &[&str], person: usize) {
        let cell = cell.iter().map(|&it| it.to_owned()).collect();
        self.0.entry(cell).or_default().insert(person);
    }

    fn counts(self) -> Counts {
        self.0.into_iter().map(|(cell, people)| (cell, people.len().try_into().unwrap())).collect()
    }
}

/// Compares two tables, and shows where they differ alone.
fn same(found: &Counts, truth: &Counts) {
    let cells: BTreeSet<_> = found.keys().chain(truth.keys()).collect();
    let differ: Vec<_> = cells.into_iter().filter(|it| found.get(*it) != truth.get(*it)).collect();
    assert!(differ.is_empty(), "{differ:?}");
}

#[test]
fn the_truth_is_what_a_slow_reader_of_the_raw_files_finds() {
    check_truth(&small());
    // Every tenth number changes hands, and so many contracts ended.
    let mut restless = World { subscribers: 1_000, days: 5, seed: 3, ..small() };
    // The clocks go back on the third of these days.
    restless.first_day = Date::constant(2026, 10, 23);
    (restless.events_per_day, restless.web_per_day) = (8.0, 3.0);
    restless.rates.scale("recycled", 50.0).unwrap();
    restless.rates.scale("ended", 25.0).unwrap();
    let summary = check_truth(&restless);
    assert!(summary.customers > 1_050, "{summary:?}");
}

fn check_truth(world: &World) -> Summary {
    let (folder, summary) = made(world);
    let (raw, land) = (folder.path().join("raw"), Geography::built_in());
    let truth = Truth::read(&folder.path().join("truth")).unwrap();
    let zone = TimeZone::get("Europe/London").unwrap();
    let people = people(&raw);
    let (mut residents, mut presence, mut web) =
        (Sets::default(), Sets::default(), Sets::default());
    for Contract { number, person, .. } in people.values().flatten() {
        let sector = &land.sectors[usize::from(person.sector)].code;
        residents.add(&[sector, &person.gender, &person.band], *number);
    }
    let distinct: BTreeSet<usize> = people.values().flatten().map(|it| it.number).collect();
    assert_eq!(distinct.len(), usize::try_from(summary.people).unwrap());
    same(&residents.counts(), &truth.residents);

    let cells = cells(&raw);
    for ((id, day), events) in devices(&raw, &people, &cells, &zone) {
        let weekend =
            matches!(day.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        let kind = if weekend { "weekend" } else { "weekday" };
        let number = contract(&people, &id, day).unwrap().number;
        for (_, hour, cell) in possible(&events) {
            presence.add(&[&cell.district, &hour.to_string(), kind], number);
        }
    }
    same(&presence.counts(), &truth.presence);

    let list = SiteList::built_in();
    let site = |host: &str| {
        let suffixes = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
        let number = std::iter::once(host).chain(suffixes).find_map(|it| list.index_of(it))?;
        list.sites.get(usize::try_from(number).unwrap()).filter(|it| !it.sensitive)
    };
    for row in table(&raw, "web") {
        let own = local(&row["time"], &zone)
            .and_then(|at| contract(&people, &row["subscriber_id"], at.date()));
        let (Some(Contract { number, person, .. }), Some(site)) = (own, site(&row["host"])) else {
            continue;
        };
        if !person.consent {
            continue;
        }
        let sector = &land.sectors[usize::from(person.sector)];
        let region = &land.regions[usize::from(sector.region)].code;
        for (level, name) in
            [("base", ""), ("site", site.domain.as_str()), ("category", site.category.as_str())]
        {
            web.add(&[level, name, &person.gender, &person.band, region], *number);
        }
    }
    same(&web.counts(), &truth.web);
    summary
}
