//! Reads vault tables clustered by person, cut into ranges of people.
//!
//! Partition p of a scan yields the row groups that can hold people of range p, in order; rows of
//! a neighbouring range at the edges are the reader's to skip. A private table reports no
//! statistics, so that no plan can answer from them (privacy model §12).

use std::fs::File;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, RowGroupAccess};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use datafusion::parquet::file::statistics::Statistics;
use datafusion::physical_plan::ExecutionPlan;

use crate::error::{Error, Result, io_error};

/// A scan of `files` (each sorted by person, together too) for the people ranges in `ranges`.
///
/// # Errors
/// A fault naming the file when it cannot be read, lacks a column or is not valid Parquet.
pub fn scan(
    files: &[&Path],
    columns: &[&str],
    ranges: &[Range<u32>],
) -> Result<Arc<dyn ExecutionPlan>> {
    let readable = files.iter().map(|path| VaultFile::open(path)).collect::<Result<Vec<_>>>()?;
    let Some(first) = readable.first() else {
        return Err(Error::fault("F05", "a scan needs at least one file"));
    };
    let schema = Arc::clone(&first.schema);
    let projection = columns
        .iter()
        .map(|name| {
            schema.index_of(name).map_err(|_| broken(first.path, &format!("no column `{name}`")))
        })
        .collect::<Result<Vec<_>>>()?;
    let groups = ranges
        .iter()
        .map(|range| {
            let files = readable.iter().map(|file| file.part(range)).collect::<Result<Vec<_>>>();
            files.map(|files| FileGroup::new(files.into_iter().flatten().collect()))
        })
        .collect::<Result<Vec<_>>>()?;
    let source = Arc::new(ParquetSource::new(schema));
    let config = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), source)
        .with_file_groups(groups)
        .with_preserve_order(true)
        .with_projection_indices(Some(projection))
        .map_err(|cause| broken(first.path, &cause.to_string()))?
        .build();
    Ok(DataSourceExec::from_data_source(config))
}

/// A Parquet file with the range of people in each of its row groups.
struct VaultFile<'path> {
    path: &'path Path,
    size: u64,
    schema: SchemaRef,
    people: Vec<(i64, i64)>,
}

impl<'path> VaultFile<'path> {
    fn open(path: &'path Path) -> Result<Self> {
        let file = File::open(path).map_err(|cause| io_error("open", path, &cause))?;
        let size = file.metadata().map_err(|cause| io_error("read", path, &cause))?.len();
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())
            .map_err(|cause| broken(path, &cause.to_string()))?;
        let schema = Arc::clone(metadata.schema());
        let column = schema.index_of("person").map_err(|_| broken(path, "no column `person`"))?;
        let groups = metadata.metadata().row_groups();
        let people = groups.iter().map(|group| match group.column(column).statistics() {
            Some(Statistics::Int32(range)) => {
                // Parquet keeps an unsigned person in the same 32 bits.
                let edge = |value: Option<&i32>| value.map(|it| i64::from(it.cast_unsigned()));
                (edge(range.min_opt()).unwrap_or(0), edge(range.max_opt()).unwrap_or(i64::MAX))
            }
            _ => (0, i64::MAX),
        });
        Ok(Self { path, size, people: people.collect(), schema })
    }

    /// The part of this file that can hold people of `range`; `None` when there is none.
    fn part(&self, range: &Range<u32>) -> Result<Option<PartitionedFile>> {
        let (from, to) = (i64::from(range.start), i64::from(range.end));
        let wanted = |&(first, last): &(i64, i64)| first < to && last >= from;
        if !self.people.iter().any(wanted) {
            return Ok(None);
        }
        let access = self
            .people
            .iter()
            .map(|group| if wanted(group) { RowGroupAccess::Scan } else { RowGroupAccess::Skip });
        let path = std::path::absolute(self.path)
            .map_err(|cause| io_error("resolve", self.path, &cause))?;
        let path = path.to_str().ok_or_else(|| broken(self.path, "the path is not UTF-8"))?;
        let file = PartitionedFile::new(path, self.size);
        Ok(Some(file.with_extension(ParquetAccessPlan::new(access.collect()))))
    }
}

fn broken(path: &Path, why: &str) -> Error {
    Error::fault("F04", format!("the vault file cannot be read: {why}"))
        .at(path.display())
        .remedy("restore the vault from a backup, or ingest the period again")
}
