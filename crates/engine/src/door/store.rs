//! Where source files are: folders of this machine and S3-compatible stores, read by one code path.
//!
//! `s3://bucket/prefix` is reached with the keys, region and endpoint that the usual variables say
//! (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, `AWS_ENDPOINT_URL`). Reading is in whole
//! ranges of a few megabytes, and never more than one a reader waits in memory.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::TryStreamExt;
use jiff::Timestamp;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};
use roaring::RoaringTreemap;
use tokio::runtime::{Handle, Runtime};

use crate::error::{Error, Result, io_error};

/// 4 MiB: what one request brings.
const RANGE_BYTES: u64 = 1 << 22;

const S3: &str = "s3://";

/// Opens places; lives as long as anything of them is read.
pub struct Stores {
    runtime: Runtime,
}

/// A folder or a file that a user named.
pub struct Place {
    store: Arc<dyn ObjectStore>,
    key: Key,
    /// What the user calls it.
    name: PathBuf,
    runtime: Handle,
}

/// A file.
#[derive(Clone)]
pub struct Object {
    store: Arc<dyn ObjectStore>,
    key: Key,
    runtime: Handle,
    /// Its size, bytes.
    pub bytes: u64,
    /// When it was last written.
    pub modified: Timestamp,
}

/// A file below a place.
pub struct Listed {
    /// Its path below the place, with `/`.
    pub label: String,
    /// What the user would call it.
    pub path: PathBuf,
    /// The file.
    pub object: Object,
    /// What its table says of it.
    pub beside: Beside,
}

/// What stands about a file outside of it.
#[derive(Clone, Default)]
pub struct Beside {
    /// Values that all its rows have, by column of the file.
    pub constants: BTreeMap<String, String>,
    /// Columns that the file calls otherwise than their table does, by the table's name.
    pub names: BTreeMap<String, String>,
    /// Rows that were deleted, by number from 1.
    pub deleted: Option<Arc<RoaringTreemap>>,
}

impl Stores {
    /// Ready to open places.
    ///
    /// # Errors
    /// A fault when the system gives no threads.
    pub fn new() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(|cause| Error::fault("F06", format!("no threads to read with: {cause}")))?;
        Ok(Self { runtime })
    }

    /// The place that a user named.
    ///
    /// # Errors
    /// `I20` when there is no such path, `I25` when an address is none.
    pub fn open(&self, name: &Path) -> Result<Place> {
        let (store, key): (Arc<dyn ObjectStore>, Key) =
            if let Some((bucket, prefix)) = s3_address(name) {
                (Arc::new(s3(name, bucket)?), Key::from(prefix))
            } else {
                let whole = std::fs::canonicalize(name).map_err(|cause| match cause.kind() {
                    io::ErrorKind::NotFound => {
                        Error::input("I20", "there is no such source").at(name.display())
                    }
                    _ => io_error("find", name, &cause),
                })?;
                let key = Key::from_absolute_path(whole).map_err(|cause| wrong(name, &cause))?;
                (Arc::new(LocalFileSystem::new()), key)
            };
        Ok(Place { store, key, name: name.to_owned(), runtime: self.runtime.handle().clone() })
    }
}

impl Place {
    /// The file that the place is, `None` when it is a folder or not there.
    ///
    /// # Errors
    /// A fault when the store does not answer.
    pub fn file(&self) -> Result<Option<Object>> {
        match self.runtime.block_on(self.store.head(&self.key)) {
            Ok(meta) => Ok(Some(self.object(meta))),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(unreadable(&self.name, &cause)),
        }
    }

    /// Every file below the place, by label.
    ///
    /// # Errors
    /// A fault when the store does not answer.
    pub fn files(&self) -> Result<Vec<Listed>> {
        let listing = self.store.list(Some(&self.key)).try_collect::<Vec<ObjectMeta>>();
        let listed = self.runtime.block_on(listing);
        let listed = listed.map_err(|cause| unreadable(&self.name, &cause))?;
        let files = listed.into_iter().filter_map(|meta| {
            let parts: Vec<_> = meta.location.prefix_match(&self.key)?.collect();
            let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
            let label = parts.join("/");
            let path = self.name.join(&label);
            // A store may list a file below itself.
            (!label.is_empty()).then(|| Listed {
                label,
                path,
                object: self.object(meta),
                beside: Beside::default(),
            })
        });
        let mut files: Vec<Listed> = files.collect();
        files.sort_by(|left, right| left.label.cmp(&right.label));
        Ok(files)
    }

    /// Where its bytes are.
    #[must_use]
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    /// The address of a folder below it.
    #[must_use]
    pub fn url(&self, below: &str) -> String {
        let key = below.split('/').filter(|it| !it.is_empty()).fold(self.key.clone(), Key::join);
        match s3_address(&self.name) {
            Some((bucket, _)) => format!("{S3}{bucket}/{key}/"),
            None => format!("file:///{key}/"),
        }
    }

    fn object(&self, meta: ObjectMeta) -> Object {
        // A time beyond the calendar is as old as can be.
        let modified = Timestamp::from_millisecond(meta.last_modified.timestamp_millis());
        Object {
            store: Arc::clone(&self.store),
            key: meta.location,
            runtime: self.runtime.clone(),
            bytes: meta.size,
            modified: modified.unwrap_or(Timestamp::MIN),
        }
    }
}

impl Object {
    /// The bytes of a range.
    ///
    /// # Errors
    /// What the store says.
    pub fn range(&self, range: Range<u64>) -> io::Result<Bytes> {
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        self.runtime.block_on(self.store.get_range(&self.key, range)).map_err(io::Error::other)
    }

    /// The whole file in ranges of a few megabytes.
    pub fn ranges(&self) -> impl Iterator<Item = io::Result<Bytes>> {
        let step = usize::try_from(RANGE_BYTES).unwrap_or(usize::MAX);
        let starts = (0..self.bytes).step_by(step);
        starts.map(|from| self.range(from..(from + RANGE_BYTES).min(self.bytes)))
    }

    /// Reads the bytes of `range`.
    #[must_use]
    pub fn reader(&self, range: Range<u64>) -> ObjectReader {
        let end = range.end.min(self.bytes);
        ObjectReader { object: self.clone(), next: range.start, end, held: Bytes::new() }
    }
}

/// Reads a range of a file from its start to its end.
pub struct ObjectReader {
    object: Object,
    next: u64,
    end: u64,
    held: Bytes,
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.held.is_empty() && self.next < self.end {
            let end = (self.next + RANGE_BYTES).min(self.end);
            self.held = self.object.range(self.next..end)?;
            self.next = end;
        }
        let taken = self.held.split_to(buffer.len().min(self.held.len()));
        buffer[..taken.len()].copy_from_slice(&taken);
        Ok(taken.len())
    }
}

/// A file for readers that jump: column by column, page by page.
///
/// The last few ranges stay in memory, so that a page and its header are one request.
#[derive(Clone)]
pub struct Windows {
    object: Object,
    held: Arc<Mutex<VecDeque<(u64, Bytes)>>>,
}

/// 1 MiB a range.
const WINDOW_BYTES: u64 = 1 << 20;

/// 12 ranges: more than a source has columns that are read.
const WINDOWS_HELD: usize = 12;

impl Windows {
    /// Nothing is held yet.
    #[must_use]
    pub fn new(object: Object) -> Self {
        Self { object, held: Arc::default() }
    }

    /// What is held from `start` on, `length` bytes at least as far as the file goes.
    fn from(&self, start: u64, length: u64) -> io::Result<Bytes> {
        let end = start.saturating_add(length).min(self.object.bytes);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let size = |bytes: &Bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let covers = |it: &&(u64, Bytes)| it.0 <= start && end <= it.0 + size(&it.1);
        if let Some((from, bytes)) = held.iter().find(covers) {
            let skipped = usize::try_from(start - from).unwrap_or(usize::MAX);
            return Ok(bytes.slice(skipped.min(bytes.len())..));
        }
        let wanted = start.saturating_add(length.max(WINDOW_BYTES)).min(self.object.bytes);
        let bytes = self.object.range(start..wanted)?;
        held.push_front((start, bytes.clone()));
        held.truncate(WINDOWS_HELD);
        Ok(bytes)
    }
}

impl Length for Windows {
    fn len(&self) -> u64 {
        self.object.bytes
    }
}

impl ChunkReader for Windows {
    type T = ObjectReader;

    fn get_read(&self, start: u64) -> Result<ObjectReader, ParquetError> {
        let held = self.from(start, 1)?;
        let next = start + u64::try_from(held.len()).unwrap_or_default();
        Ok(ObjectReader { held, ..self.object.reader(next..self.object.bytes) })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let held = self.from(start, u64::try_from(length).unwrap_or(u64::MAX))?;
        Ok(held.slice(..length.min(held.len())))
    }
}

/// Bucket and prefix of an address.
fn s3_address(name: &Path) -> Option<(&str, &str)> {
    let address = name.to_str()?.strip_prefix(S3)?;
    Some(address.split_once('/').unwrap_or((address, "")))
}

fn s3(name: &Path, bucket: &str) -> Result<impl ObjectStore + use<>> {
    // A store that is not there is told of within half a minute.
    let retry = RetryConfig {
        max_retries: 3,
        retry_timeout: Duration::from_secs(30),
        ..RetryConfig::default()
    };
    let built = AmazonS3Builder::from_env().with_bucket_name(bucket).with_retry(retry).build();
    built.map_err(|cause| wrong(name, &cause))
}

fn wrong(name: &Path, cause: &dyn Display) -> Error {
    Error::input("I25", format!("the source cannot be reached: {cause}"))
        .at(name.display())
        .allowed("a folder, a file, or s3://bucket/prefix")
        .remedy("for a store set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL")
}

fn unreadable(name: &Path, cause: &dyn Display) -> Error {
    Error::fault("F01", format!("cannot list: {cause}")).at(name.display())
}
