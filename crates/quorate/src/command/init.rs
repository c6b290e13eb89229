//! `quorate init DIR`: a data folder with a policy and mappings to edit.

use std::path::PathBuf;

use clap::Args;
use engine::{Instance, Result, product};
use serde_json::json;

use crate::output::Output;

/// Where to make it.
#[derive(Args)]
pub struct Init {
    /// The folder.
    dir: PathBuf,
}

impl Init {
    pub fn run(self, output: &Output) -> Result<()> {
        let instance = Instance::init(&self.dir)?;
        product::write_templates(&instance.policy_dir())?;
        output.result(&json!({ "dir": instance.root, "keys": instance.config.keys_dir }), || {
            format!(
                "made {}\n  policy/   what may be released: the protection officer's\n  \
                 mapping/  which files and columns hold what: the engineer's\n\
                 keys are kept apart, in {}\nnext: quorate --config {} ingest SOURCE",
                instance.root.display(),
                instance.config.keys_dir.display(),
                self.dir.join("quorate.toml").display()
            )
        })
    }
}
