//! Who lives in a home: drawn home by home from the seed alone, in any order.
//!
//! An account is a person with a phone and perhaps a tablet, two people, or a firm's fleet; it is never
//! in two homes. A number that changed hands has two rows beside each other: its owner before, who lives
//! somewhere near, and its owner now.

use reference::{Gender, Pyramid};

use super::commute::Commute;
use super::{Contract, Customer, Objection, Role};
use crate::chance::{Purpose, Weighted, stream};
use crate::land::{Land, whole};
use crate::world::World;

const BANDS: [(&str, u32, u32); 9] = [
    ("0-15", 9, 15),
    ("16-17", 16, 17),
    ("18-24", 18, 24),
    ("25-34", 25, 34),
    ("35-44", 35, 44),
    ("45-54", 45, 54),
    ("55-64", 55, 64),
    ("65-74", 65, 74),
    ("75+", 75, 94),
];

/// SIMs of a fleet: the smallest, and how many more the largest has. Small firms are more frequent.
const FLEET: (f64, f64) = (5.0, 75.0);

/// Of numbers without a contract on some days, those that appear on one of them all the same.
const STRAYS: f64 = 0.5;

/// Draws customers.
pub(crate) struct Population<'world> {
    world: &'world World,
    land: &'world Land,
    /// Ages of women and of men.
    ages: [Weighted; 2],
    work: Commute<'world>,
}

impl<'world> Population<'world> {
    pub fn new(world: &'world World, land: &'world Land) -> Self {
        let pyramid = Pyramid::built_in();
        let ages = [Gender::F, Gender::M].map(|gender| {
            Weighted::new(BANDS.iter().map(|&(band, _, _)| {
                let people = u32::try_from(pyramid.people(gender, band)).unwrap_or(u32::MAX);
                // Children seldom have a SIM in the customer record.
                f64::from(people) * if band == "0-15" || band == "16-17" { 0.12 } else { 1.0 }
            }))
        });
        Self { world, land, ages, work: Commute::new(land) }
    }

    /// Adds the customers of a home, of whom `first` is the index of the first; returns that of the
    /// next home's.
    pub fn home(&self, home: u32, first: u32, all: &mut Vec<Customer>) -> u32 {
        let people = usize::try_from(home).ok().and_then(|at| self.land.homes.get(at));
        let end = first + people.map_or(0, |it| it.1);
        let mut rng = stream(self.world.seed, Purpose::Fleet, u64::from(home), 0);
        let (mut role, mut account, mut run_end) = (Role::Phone, first, first);
        let begin = all.len();
        for index in first..end {
            // A home's customers come in runs as long as fleets; a run is a fleet with the chance that its
            // role has, so that the share of SIMs is that chance whatever the lengths.
            if index == run_end {
                (role, account) = (self.fleet(&mut rng), index);
                run_end = index + whole(FLEET.0 + FLEET.1 * rng.f64().powi(2));
            }
            let mut rng = stream(self.world.seed, Purpose::Customer, u64::from(index), 0);
            let mut own = self.customer(index, home, role, &mut rng);
            if role != Role::Phone {
                own.account = account;
            } else if let Some(holder) = all.get(begin..).and_then(<[_]>::last).filter(|it| {
                it.role == Role::Phone && it.is_holder && it.contract == Contract::Standing
            }) && rng.f64() < self.world.rates.tablet + self.world.rates.relative
            {
                self.join(&mut own, holder, &mut rng);
            } else if let Some(before) = self.contract(&mut own) {
                all.push(before);
            }
            all.push(own);
        }
        end
    }

    /// What the next SIMs of a home are for.
    fn fleet(&self, rng: &mut fastrand::Rng) -> Role {
        let rates = &self.world.rates;
        match rng.f64() {
            share if share < rates.machine => Role::Machine,
            share if share < rates.machine + rates.business => Role::Business,
            _ => Role::Phone,
        }
    }

    fn customer(&self, index: u32, home: u32, role: Role, rng: &mut fastrand::Rng) -> Customer {
        let rates = &self.world.rates;
        let female = rng.f64() < 0.508;
        let (_, youngest, oldest) = BANDS[self.ages[usize::from(!female)].pick(rng.f64())];
        let year = u32::try_from(self.world.first_day.year()).unwrap_or_default();
        // A year more, so that the youngest possible age lies in the band.
        let born = year - rng.u32(youngest..=oldest) - 1;
        let gender = match (rng.f64(), female) {
            (share, _) if share < 0.004 => Gender::X,
            (_, true) => Gender::F,
            (_, false) => Gender::M,
        };
        let known = rng.f64() >= rates.unknown_age;
        // A heavy tail: some are silent for days, some never stop.
        let activity = f32::from(rng.u16(..)) / 65_536.0;
        let (work, night_shift) = self.work.place(self.world, index, home);
        Customer {
            index,
            sim: index,
            account: index,
            home,
            work,
            gender,
            birth_year: known.then_some(born),
            role,
            is_holder: true,
            objection: match rng.f64() {
                share if share < rates.opt_out => Objection::Record,
                share if share < rates.opt_out + rates.opt_out_feed => Objection::Feed,
                _ => Objection::None,
            },
            consent: rng.f64() >= rates.no_consent,
            night_shift,
            activity: -(1.0 - activity).ln() * 0.8 + 0.2,
            contract: Contract::Standing,
            stray: None,
        }
    }

    /// Makes `own` a second SIM of the holder's account: a tablet of the same person, or a relative's.
    fn join(&self, own: &mut Customer, holder: &Customer, rng: &mut fastrand::Rng) {
        let (tablet, relative) = (self.world.rates.tablet, self.world.rates.relative);
        if rng.f64() * (tablet + relative) < tablet {
            *own = Customer {
                index: own.index,
                sim: own.sim,
                role: Role::Tablet,
                activity: own.activity * 0.3,
                ..holder.clone()
            };
        } else {
            own.account = holder.account;
            own.is_holder = false;
            if rng.f64() < 0.3 {
                own.birth_year = None;
            }
        }
    }

    /// Settles when the contract of `own` holds; returns the owner before of a number that changed hands.
    fn contract(&self, own: &mut Customer) -> Option<Customer> {
        let (world, rates) = (self.world, &self.world.rates);
        let mut rng = stream(world.seed, Purpose::Contract, u64::from(own.index), 0);
        let share = rng.f64();
        if share < rates.ended {
            own.contract = Contract::Ended(rng.u16(1..200));
            let day = rng.u16(0..world.days);
            own.stray = (rng.f64() < STRAYS).then_some(day);
            return None;
        }
        if share >= rates.ended + rates.recycled || world.days < CHANGE_DAYS_MIN {
            return None;
        }
        // Half of all numbers are given away the next day, the others rest for a day or two.
        let rest = [0, 0, 1, 2][rng.usize(0..4)].min(world.days - 2);
        let last = rng.u16(0..world.days - 1 - rest);
        let mut before = self.before(own, &mut rng);
        before.contract = Contract::Until(last);
        own.contract = Contract::From(last + 1 + rest);
        own.stray = (rest > 0 && rng.f64() < STRAYS).then_some(last + rest);
        // A feed names numbers: of whom it speaks must be clear.
        for it in [&mut before, own] {
            if it.objection == Objection::Feed {
                it.objection = Objection::Record;
            }
        }
        Some(before)
    }

    /// Somebody near who had the number of `own` before.
    fn before(&self, own: &Customer, rng: &mut fastrand::Rng) -> Customer {
        let near = self.land.near_to(own.home);
        let home = if near.is_empty() { own.home } else { near[rng.usize(0..near.len())] };
        let index = self.world.subscribers + own.index;
        Customer { sim: own.sim, ..self.customer(index, home, Role::Phone, rng) }
    }
}

/// Three days: one of each owner, and one between them.
const CHANGE_DAYS_MIN: u16 = 3;
