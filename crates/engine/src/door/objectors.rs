//! Who objected for good: keyed hashes under a key of their own, asked for every customer of every period.

use std::sync::Arc;

use arrow::array::FixedSizeBinaryArray;
use arrow::datatypes::DataType;

use super::pseudonym::Pseudonymiser;
use crate::error::{Error, Result};
use crate::instance::Instance;
use crate::keys::PseudonymKey;
use crate::vault::Vault;
use crate::vault::batch::Batch;
use crate::vault::manifest::Stored;
use crate::vault::table::{self, TableWriter};

/// The list of objectors.
pub struct Objectors {
    /// Made with the first of them.
    pseudonymiser: Option<Pseudonymiser>,
    instance: Instance,
    /// Ascending.
    hashes: Vec<u128>,
}

impl Objectors {
    /// The list of the vault.
    ///
    /// # Errors
    /// `F10` when it is damaged; a fault when the key cannot be read.
    pub fn read(vault: &Vault, instance: &Instance) -> Result<Self> {
        let mut list = Self { pseudonymiser: None, instance: instance.clone(), hashes: Vec::new() };
        if let Some(stored) = &vault.manifest().objectors {
            let path = vault.present(stored)?;
            table::read(&path, |batch| {
                let hashes: &FixedSizeBinaryArray = table::column(batch, 0, &path)?;
                let hash = |it: &[u8]| u128::from_be_bytes(it.try_into().unwrap_or_default());
                list.hashes.extend(hashes.iter().flatten().map(hash));
                Ok(())
            })?;
            list.pseudonymiser = Some(Pseudonymiser::new(&PseudonymKey::of_objectors(instance)?));
        }
        Ok(list)
    }

    /// Whether the subscriber `id` objected.
    #[must_use]
    pub fn hold(&self, id: &str) -> bool {
        let hash = self.pseudonymiser.as_ref().map(|it| it.subscriber(id));
        hash.is_some_and(|it| self.hashes.binary_search(&it).is_ok())
    }

    /// Adds the subscriber `id`.
    ///
    /// # Errors
    /// A fault when the key cannot be made.
    pub fn add(&mut self, id: &str) -> Result<()> {
        let pseudonymiser = match self.pseudonymiser.take() {
            Some(known) => known,
            None => Pseudonymiser::new(&PseudonymKey::of_objectors(&self.instance)?),
        };
        let hash = pseudonymiser.subscriber(id);
        self.pseudonymiser = Some(pseudonymiser);
        if let Err(at) = self.hashes.binary_search(&hash) {
            self.hashes.insert(at, hash);
        }
        Ok(())
    }

    /// Writes the list into a batch.
    ///
    /// # Errors
    /// A fault when it cannot be written.
    pub fn write(&self, batch: &Batch, name: &str) -> Result<Stored> {
        let file = format!("objectors-{name}.parquet");
        let columns = [("hash", DataType::FixedSizeBinary(16))];
        let mut writer = TableWriter::create(&file, batch.path(&file)?, &columns)?;
        let bytes = self.hashes.iter().map(|it| it.to_be_bytes());
        let hashes = FixedSizeBinaryArray::try_from_iter(bytes)
            .map_err(|it| Error::fault("F11", it.to_string()))?;
        writer.write(vec![Arc::new(hashes)])?;
        writer.finish()
    }
}
