//! Rows of the table of web records: pages, what they bring along, and what goes wrong.

use reference::SiteList;

use super::SimulateError;
use super::events::{push_cell_of, push_id, push_time};
use super::wrong::{Mischief, Place, Planted, Wrong, count};
use crate::chance::{Purpose, stream, times};
use crate::customers::Customer;
use crate::day::Day;
use crate::life::{Life, Page};
use crate::sites::{BACKGROUND, PREFIXES};
use crate::table::{Column, Columns, Kind, Numbers, Part, Table, Texts, push_digits};

pub(super) const WEB: Columns = &[
    ("time", Kind::LongOrNone),
    ("subscriber_id", Kind::Text),
    ("host", Kind::Text),
    ("source", Kind::Text),
    ("bytes", Kind::Long),
    ("duration_s", Kind::Int),
    ("cell_id", Kind::Text),
];

/// Rows of one block and day, made in order of time.
#[derive(Default)]
pub(super) struct PageRows {
    time: Numbers<i64>,
    id: Texts,
    host: Texts,
    source: Texts,
    bytes: Numbers<i64>,
    duration: Numbers<i32>,
    cell: Texts,
}

/// The host of a record.
enum Host {
    /// Of a listed site, with one of the prefixes.
    Site(u16, usize),
    /// One of those that come along.
    Background(usize),
    /// Of a site on no list.
    Unlisted(u16),
    /// Encrypted.
    Hidden,
}

impl PageRows {
    /// Takes the pages of a day, in order, adds what they bring along and plants wrong records.
    pub fn fill<'rows>(
        &mut self,
        (life, day, place): (&Life<'_>, &Day, Place),
        customers: &[Customer],
        pages: impl Iterator<Item = &'rows Page>,
        planted: &mut Planted,
    ) {
        self.clear();
        let rates = &life.world.rates;
        let mut mischief = Mischief::in_web(rates, place);
        let (number, block) = place.name();
        let mut rng = stream(place.seed, Purpose::Company, number, block);
        for page in pages {
            let mut push = |host: &Host, wrong: Option<(Wrong, u32)>| {
                push_time(&mut self.time, day.base_ms + i64::from(page.at), wrong);
                push_id(&mut self.id, customers, page.who, wrong);
                push_host(&mut self.host, life.sites, host, wrong);
                let source = usize::from(page.bytes.is_multiple_of(3));
                self.source.push(source, |out| out.extend_from_slice([b"sni", b"dns"][source]));
                self.bytes.push(page.bytes.into());
                self.duration.push(page.duration_s.into());
                push_cell_of(&mut self.cell, page.cell);
            };
            let host = Host::Site(page.site, rng.usize(0..PREFIXES.len()));
            push(&host, None);
            if page.is_stray {
                count(planted, "no_contract");
                continue;
            }
            // What a page brings along: background hosts, and records of no host or of no listed site.
            for _ in 0..times(rates.third_party, &mut rng) {
                push(&Host::Background(rng.usize(0..BACKGROUND.len())), None);
            }
            if rng.f64() < rates.unlisted_site {
                push(&Host::Unlisted(rng.u16(..)), None);
            }
            if rng.f64() < rates.hidden_host {
                push(&Host::Hidden, None);
            }
            if let Some(wrong) = mischief.next() {
                push(&host, Some((wrong, mischief.number())));
                count(planted, wrong.name());
            }
        }
    }

    pub fn rows(&self) -> usize {
        self.id.rows()
    }

    pub fn encode(&self, table: &Table) -> Result<Part, SimulateError> {
        table.encode(&[
            Column::Longs(&self.time),
            Column::Texts(&self.id),
            Column::Texts(&self.host),
            Column::Texts(&self.source),
            Column::Longs(&self.bytes),
            Column::Ints(&self.duration),
            Column::Texts(&self.cell),
        ])
    }

    fn clear(&mut self) {
        let texts = [&mut self.id, &mut self.host, &mut self.source, &mut self.cell];
        texts.into_iter().for_each(Texts::clear);
        [&mut self.time, &mut self.bytes].into_iter().for_each(Numbers::clear);
        self.duration.clear();
    }
}

fn push_host(out: &mut Texts, list: &SiteList, host: &Host, wrong: Option<(Wrong, u32)>) {
    let sites = list.sites.len() * PREFIXES.len();
    match (wrong, host) {
        (Some((Wrong::HostWithPath, number)), _) => out.push_new(|out| {
            write(out, list, host);
            out.extend_from_slice(format!("/account/{number}?q=private").as_bytes());
        }),
        (Some((Wrong::BadHost, number)), _) => {
            out.push_new(|out| out.extend_from_slice(format!("..{number}").as_bytes()));
        }
        (_, Host::Unlisted(_)) => out.push_new(|out| write(out, list, host)),
        (_, Host::Site(site, prefix)) => {
            out.push(usize::from(*site) * PREFIXES.len() + prefix, |out| write(out, list, host));
        }
        (_, Host::Background(at)) => out.push(sites + at, |out| write(out, list, host)),
        (_, Host::Hidden) => out.push(sites + BACKGROUND.len(), |_| ()),
    }
}

fn write(out: &mut Vec<u8>, list: &SiteList, host: &Host) {
    match *host {
        Host::Site(site, prefix) => {
            out.extend_from_slice(PREFIXES[prefix].as_bytes());
            let site = list.sites.get(usize::from(site));
            out.extend_from_slice(site.map_or("", |it| it.domain.as_str()).as_bytes());
        }
        Host::Background(at) => out.extend_from_slice(BACKGROUND[at].as_bytes()),
        Host::Unlisted(number) => {
            out.extend_from_slice(b"www.example-");
            push_digits(out, number.into(), 5);
            out.extend_from_slice(b".co.uk");
        }
        Host::Hidden => {}
    }
}
