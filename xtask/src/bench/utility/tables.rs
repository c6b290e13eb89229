//! What is released, and by whom.

/// A table and how each tool releases it.
pub(super) struct Table {
    /// As `pairs.py` names it.
    pub(super) name: &'static str,
    /// What it is, in words.
    pub(super) title: &'static str,
    /// The most cells of a person, the same for all tools: where hard bounding errs least, or next to it.
    pub(super) limits: &'static [u32],
    /// Our settings: hard with the same limits; soft with uniform weights, where it errs least; soft with weights of
    /// an earlier release, where it errs least among the L of 2, 4, 8, 16 whose interval holds the truth (decision 15).
    pub(super) ours: &'static [&'static str],
}

/// The tables of the three products, and two that are harder than they are.
pub(super) const TABLES: [Table; 7] = [
    Table {
        name: "sector_age",
        title: "Residents by sector and age band (one cell a person: soft bounding is the same there)",
        limits: &[1],
        ours: &["hard=1"],
    },
    Table {
        name: "site",
        title: "Web audience by site",
        limits: &[32],
        ours: &["hard=32", "soft=128/16", "prior=128/2/32/200"],
    },
    Table {
        name: "site_age",
        title: "Web audience by site and age band",
        limits: &[32, 16],
        ours: &["hard=32", "hard=16", "soft=128/16", "prior=128/8/32/200"],
    },
    Table {
        name: "site_gender_age",
        title: "Web audience by site, gender and age band (finer than the policy's tables)",
        limits: &[32],
        ours: &["hard=32", "soft=128/16", "prior=128/16/32/200"],
    },
    Table {
        name: "category_age",
        title: "Web audience by category and age band",
        limits: &[16],
        ours: &["hard=16", "soft=128/16", "prior=128/2/16/200"],
    },
    Table {
        name: "presence",
        title: "Presence by district, hour and kind of day",
        limits: &[64],
        ours: &["hard=64", "soft=128/32", "prior=128/8/64/200"],
    },
    Table {
        name: "real_areas",
        title: "Real visits by area of a web site (the tutorial's file)",
        limits: &[12],
        ours: &["hard=12", "soft=128/8", "prior=128/8/12/200"],
    },
];

/// Who else releases them.
#[derive(Clone, Copy)]
pub(super) enum Peer {
    SmartNoise,
    PipelineDp,
    OpenDp,
}

impl Peer {
    pub(super) const ALL: [Self; 3] = [Self::SmartNoise, Self::PipelineDp, Self::OpenDp];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SmartNoise => "smartnoise-sql",
            Self::PipelineDp => "pipeline-dp",
            Self::OpenDp => "opendp",
        }
    }

    /// In an environment of its own each: they need different versions of the same packages.
    pub(super) const fn packages(self) -> &'static [&'static str] {
        match self {
            Self::SmartNoise => {
                &["smartnoise-sql==1.0.10", "opendp==0.14.2", "pandas==2.3.3", "numpy==2.4.6"]
            }
            Self::PipelineDp => {
                &["pipeline-dp==0.3.1", "python-dp==1.1.5", "dp-accounting==0.6.0", "numpy==2.4.6"]
            }
            Self::OpenDp => &["opendp==0.16.0", "numpy==2.4.6"],
        }
    }

    /// Takes the pairs, a folder for what it says, L and the number of repeats.
    pub(super) fn program(self) -> String {
        let own = match self {
            Self::SmartNoise => include_str!("smartnoise.py"),
            Self::PipelineDp => include_str!("pipelinedp.py"),
            Self::OpenDp => include_str!("opendp.py"),
        };
        format!("{}{own}", include_str!("said.py"))
    }
}
