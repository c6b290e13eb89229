//! The customers: who they are, where they live and work, what they may be counted in.

use reference::{AgeBand, Gender, Pyramid};

use crate::chance::{Purpose, Weighted, stream};
use crate::land::Land;
use crate::world::World;

/// What a SIM is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Phone,
    Tablet,
    Machine,
    Business,
}

impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Tablet => "tablet",
            Self::Machine => "M2M",
            Self::Business => "business",
        }
    }
}

/// Where a customer objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Objection {
    /// Nowhere.
    None,
    /// In the customer record.
    Record,
    /// In the opt-out feed alone.
    Feed,
}

/// One SIM of the customer record.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    /// Number of the account: that of its holder's first SIM.
    pub account: u32,
    /// Position in the land's homes, and of the place of work.
    pub home: u32,
    pub work: u32,
    pub gender: Gender,
    /// Unknown for a few.
    pub birth_year: Option<u32>,
    pub role: Role,
    pub is_holder: bool,
    /// Whether and where the customer objects.
    pub objection: Objection,
    pub consent: bool,
    /// Works at night.
    pub night_shift: bool,
    /// How active compared with the mean.
    pub activity: f32,
}

impl Customer {
    /// The adult band by which a person is counted; `None` when this SIM stands for nobody.
    pub fn band(&self, year: u32) -> Option<AgeBand> {
        let counted = self.role == Role::Phone && self.objection == Objection::None;
        counted.then(|| self.birth_year.and_then(|born| AgeBand::from_birth_year(born, year)))?
    }
}

/// The raw id of a SIM: an IMSI of the test network 001-01.
pub(crate) fn subscriber_id(customer: u32) -> String {
    // A multiplier without a factor of ten permutes the ten digits.
    format!("00101{:010}", u64::from(customer) * 6_364_136_223 % 10_000_000_000)
}

/// The account number in files.
pub(crate) fn account_id(account: u32) -> String {
    format!("A{:09}", u64::from(account) * 387_420_489 % 1_000_000_000)
}

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

pub(crate) fn customers(world: &World, land: &Land) -> Vec<Customer> {
    let pyramid = Pyramid::built_in();
    let ages = [Gender::F, Gender::M].map(|gender| {
        Weighted::new(BANDS.iter().map(|&(band, _, _)| {
            let people = u32::try_from(pyramid.people(gender, band)).unwrap_or(u32::MAX);
            // Children seldom have a SIM in the customer record.
            f64::from(people) * if band == "0-15" || band == "16-17" { 0.12 } else { 1.0 }
        }))
    });
    let work = Commute::new(land);
    let mut all: Vec<Customer> =
        Vec::with_capacity(usize::try_from(world.subscribers).unwrap_or(0));
    for (home, &(_, people)) in (0_u32..).zip(&land.homes) {
        for _ in 0..people {
            let index = u32::try_from(all.len()).unwrap_or(u32::MAX);
            let mut rng = stream(world.seed, Purpose::Customer, u64::from(index), 0);
            let mut own = customer(world, index, home, &ages, &mut rng);
            (own.work, own.night_shift) = work.place(world, index, home);
            match all.last() {
                Some(holder)
                    if holder.is_holder
                        && holder.home == home
                        && rng.f64() < world.rates.tablet + world.rates.relative =>
                {
                    join(world, &mut own, holder, &mut rng);
                }
                _ => {}
            }
            all.push(own);
        }
    }
    all
}

fn customer(
    world: &World,
    index: u32,
    home: u32,
    ages: &[Weighted; 2],
    rng: &mut fastrand::Rng,
) -> Customer {
    let rates = &world.rates;
    let female = rng.f64() < 0.508;
    let (_, youngest, oldest) = BANDS[ages[usize::from(!female)].pick(rng.f64())];
    let year = u32::try_from(world.first_day.year()).unwrap_or_default();
    // A year more, so that the youngest possible age lies in the band.
    let born = year - rng.u32(youngest..=oldest) - 1;
    let gender = match (rng.f64(), female) {
        (share, _) if share < 0.004 => Gender::X,
        (_, true) => Gender::F,
        (_, false) => Gender::M,
    };
    let role = match rng.f64() {
        share if share < rates.machine => Role::Machine,
        share if share < rates.machine + rates.business => Role::Business,
        _ => Role::Phone,
    };
    let known = rng.f64() >= rates.unknown_age;
    // A heavy tail: some are silent for days, some never stop.
    let activity = f32::from(rng.u16(..)) / 65_536.0;
    Customer {
        account: index,
        home,
        work: home,
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
        night_shift: false,
        activity: -(1.0 - activity).ln() * 0.8 + 0.2,
    }
}

/// Makes `own` a second SIM of the holder's account: a tablet of the same person, or a relative's.
fn join(world: &World, own: &mut Customer, holder: &Customer, rng: &mut fastrand::Rng) {
    if own.role != Role::Phone || holder.role != Role::Phone {
        return;
    }
    own.account = holder.account;
    let (tablet, relative) = (world.rates.tablet, world.rates.relative);
    if rng.f64() * (tablet + relative) < tablet {
        let account = holder.account;
        *own = Customer {
            account,
            role: Role::Tablet,
            activity: own.activity * 0.3,
            ..holder.clone()
        };
    } else {
        own.is_holder = false;
        if rng.f64() < 0.3 {
            own.birth_year = None;
        }
    }
}

/// Where people work: some at home, the others at one of the places near, the large more often.
struct Commute<'land> {
    land: &'land Land,
    weights: Vec<Weighted>,
}

impl<'land> Commute<'land> {
    fn new(land: &'land Land) -> Self {
        let size = |at: u32| {
            let home = usize::try_from(at).ok().and_then(|at| land.homes.get(at));
            f64::from(home.map_or(0, |it| it.1))
        };
        let homes = u32::try_from(land.homes.len()).unwrap_or_default();
        let weights = (0..homes).map(|home| {
            let near = land.near_to(home).iter();
            Weighted::new(
                near.map(|&to| size(to) / (land.distance_m(home, to) + 2_000.0).powf(1.5)),
            )
        });
        Self { land, weights: weights.collect() }
    }

    /// The place of work, and whether at night.
    fn place(&self, world: &World, customer: u32, home: u32) -> (u32, bool) {
        let mut rng = stream(world.seed, Purpose::Work, u64::from(customer), 0);
        let stays = rng.f64() < world.rates.home_worker;
        let weights = usize::try_from(home).ok().and_then(|at| self.weights.get(at));
        let night = rng.f64() < world.rates.night_shift;
        match (weights, self.land.near_to(home)) {
            (Some(weights), near) if !stays && !near.is_empty() => {
                (near[weights.pick(rng.f64())], night)
            }
            _ => (home, false),
        }
    }
}
