//! What people look at: public popularity, tilted by gender and age, and each person's habits.

use reference::{AgeBand, Gender, SiteList};

use crate::chance::{Purpose, Weighted, number, stream};

/// How many habitual sites a person has.
const HABITS: usize = 14;

/// Hosts that come along with a page and are on no list.
pub(crate) const BACKGROUND: [&str; 16] = [
    "stats.g.doubleclick.net",
    "pagead2.googlesyndication.com",
    "fonts.gstatic.com",
    "ajax.googleapis.com",
    "region1.google-analytics.com",
    "cdn.cookielaw.org",
    "d1.awsstatic.com",
    "abcd1234.cloudfront.net",
    "cdn.jsdelivr.net",
    "ib.adnxs.com",
    "bidder.criteo.com",
    "sync.rubiconproject.com",
    "r1.gvt1.com",
    "init.itunes-apple.com.akadns.net",
    "ctldl.windowsupdate.com",
    "dns.quad9.net",
];

/// Tastes by gender and age band.
pub(crate) struct Tastes {
    seed: u64,
    /// For gender (F, M, X) times band (7 and children): a weighted choice of sites.
    by_group: Vec<Weighted>,
}

impl Tastes {
    pub fn new(seed: u64, list: &SiteList) -> Self {
        let groups =
            Gender::ALL.into_iter().flat_map(|gender| (0_u8..8).map(move |band| (gender, band)));
        let by_group = groups.map(|(gender, band)| {
            Weighted::new((0_u64..).zip(&list.sites).map(|(index, site)| {
                let mut rng = stream(seed, Purpose::Taste, index, 0);
                let lean = (rng.f64() - 0.5) * 1.4 + category_lean(&site.category);
                let age = (rng.f64() - 0.5) * 0.5;
                let gendered = match gender {
                    Gender::F => lean,
                    Gender::M => -lean,
                    Gender::X => 0.0,
                };
                site.weight * (gendered * 0.6 + age * (f64::from(band) - 3.0)).exp()
            }))
        });
        Self { seed, by_group: by_group.collect() }
    }

    /// The habits of whoever has this account, and what else they look at.
    pub fn habits(&self, account: u32, gender: Gender, band: Option<AgeBand>) -> Habits {
        let group = usize::from(gender.index()) * 8 + band.map_or(7, |it| usize::from(it.index()));
        let habit = |number_of: u64| {
            let name = number(self.seed, Purpose::Habit, u64::from(account), number_of);
            self.pick(group, stream(name, Purpose::Habit, 0, 0).f64())
        };
        let mut sites = [0; HABITS];
        for (number_of, site) in (0..).zip(&mut sites) {
            *site = habit(number_of);
        }
        Habits { group, sites }
    }

    /// The site of one record: mostly a habit, sometimes anything.
    pub fn site(&self, habits: &Habits, rng: &mut fastrand::Rng) -> u16 {
        if rng.f64() < 0.85 {
            // The first habits are the strongest.
            habits.sites[rng.usize(0..HABITS).min(rng.usize(0..HABITS))]
        } else {
            self.pick(habits.group, rng.f64())
        }
    }

    fn pick(&self, group: usize, at: f64) -> u16 {
        let weights = self.by_group.get(group);
        weights.and_then(|it| u16::try_from(it.pick(at)).ok()).unwrap_or_default()
    }
}

/// What somebody looks at again and again, the strongest habit first.
pub(crate) struct Habits {
    /// Whose tastes apply elsewhere.
    group: usize,
    sites: [u16; HABITS],
}

/// Positive: more women; negative: more men.
fn category_lean(category: &str) -> f64 {
    match category {
        "Style & Fashion" | "Family and Relationships" | "Home & Garden" => 0.9,
        "Food & Drink" | "Shopping" => 0.4,
        "Sports" | "Video Gaming" | "Automotive" => -0.9,
        "Technology & Computing" | "Personal Finance" => -0.3,
        _ => 0.0,
    }
}

/// What may stand before a site's domain, as a network sees it; the first is more frequent.
pub(crate) const PREFIXES: [&str; 6] = ["www.", "www.", "", "m.", "api.", "static."];
