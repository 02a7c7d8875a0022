//! Blocks of a node's `blk*.dat` files; the node need not run.

mod scan;
mod tree;

use crate::{
    BlockError, Network,
    block::decode_block,
    feed::Feed,
    follow::{View, follow, permanent, transient},
};
pub use scan::{RecordScan, ScannedRecord, write_record};
use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tally_chain::{
    ChainError,
    utxo::{Block, BoxFuture, Source, Start, Update},
};
use tally_primitives::{BlockId, BlockNumber};
use tree::{Place, Tree};

/// A file with the key that the others are masked with; none in folders of older nodes.
const KEY_FILE: &str = "xor.dat";
const READING: &str = "reading block files";

/// Where block files are and how they are followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilesSettings {
    /// The network whose blocks they hold.
    pub network: Network,
    /// The folder with `blk00000.dat`, usually `blocks` in the node's data folder.
    pub folder: PathBuf,
    /// How often the newest file is looked at once all was read.
    pub poll: Duration,
}

impl FilesSettings {
    /// Settings for a folder that is looked at every 2 seconds.
    pub fn new(network: Network, folder: impl Into<PathBuf>) -> Self {
        Self { network, folder: folder.into(), poll: Duration::from_secs(2) }
    }
}

/// Why block files cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// There is no such folder.
    #[error("{} is not a folder", .0.display())]
    NoFolder(PathBuf),
    /// The first files are gone, as from a node that prunes.
    #[error("the files in {} begin with {first}, not with blk00000.dat", .folder.display())]
    Pruned {
        /// The folder.
        folder: PathBuf,
        /// The first file.
        first: String,
    },
    /// The file holds blocks of another network, or none.
    #[error("{} begins with {}, the blocks of {network} with {}", .path.display(), hex::encode(.found), hex::encode(.expected))]
    Magic {
        /// The file.
        path: PathBuf,
        /// Its first bytes, unmasked.
        found: [u8; 4],
        /// The expected network.
        network: &'static str,
        /// What its blocks begin with.
        expected: [u8; 4],
    },
    /// There are blocks but not the first one.
    #[error("the files in {} hold blocks, but not the chain's first one", .0.display())]
    NoFirstBlock(PathBuf),
    /// The file of the mask's key has another length than 8 bytes.
    #[error("{} has {length} bytes instead of 8", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
    /// A file is shorter than what was read of it.
    #[error("{} has {length} bytes, but {read} were read of it before", .path.display())]
    Shrunk {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: u64,
        /// How much of it was read.
        read: u64,
    },
    /// What stands where a block was found is not that block.
    #[error("block {id} cannot be read at byte {offset} of {}", .path.display())]
    Block {
        /// The block.
        id: BlockId,
        /// The file.
        path: PathBuf,
        /// Where in it.
        offset: u64,
        /// Why not; none if another block stands there.
        #[source]
        source: Option<BlockError>,
    },
    /// The file cannot be read.
    #[error("{} cannot be read", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The blocks in a folder of block files.
///
/// Headers of all blocks are kept in memory, some 140 bytes each; blocks are read when they are
/// delivered. Of several branches the one with the most work counts; of equals, the one that came
/// first. A block that its node found invalid after it was stored is not told from others: if it is
/// the newest, it is delivered, and undone when the node's own branch grows longer.
#[derive(Debug)]
pub struct FilesSource {
    feed: Feed,
}

impl FilesSource {
    /// Starts following the files in a folder.
    ///
    /// # Errors
    ///
    /// [`FilesError::NoFolder`].
    pub fn start(settings: FilesSettings, start: Start) -> Result<Self, FilesError> {
        if !settings.folder.is_dir() {
            return Err(FilesError::NoFolder(settings.folder));
        }
        let feed = Feed::start("utxo-files", move |output| {
            let FilesSettings { network, folder, poll } = settings;
            let view = FilesView { network, folder, state: Mutex::new(State::default()) };
            follow(&view, &network, start, poll, output)
        });
        Ok(Self { feed })
    }
}

impl Source for FilesSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Update, ChainError>> {
        self.feed.next()
    }

    fn head(&self) -> Option<BlockNumber> {
        self.feed.head()
    }
}

struct FilesView {
    network: Network,
    folder: PathBuf,
    state: Mutex<State>,
}

/// What was found in the files so far.
#[derive(Default)]
struct State {
    tree: Tree,
    key: Option<[u8; 8]>,
    /// The file that is read, and how much of it was.
    file: u32,
    position: u64,
    /// The file's length when nothing more was found in it.
    idle_at: Option<u64>,
    /// The file that a block was read from last: the next one stands there too.
    open: Option<(u32, File)>,
}

impl FilesView {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, file: u32) -> PathBuf {
        self.folder.join(format!("blk{file:05}.dat"))
    }

    fn has_file(&self, file: u32) -> bool {
        self.path(file).is_file()
    }

    /// Reads what is new in the files, up to the end of the last one.
    fn read_on(&self, state: &mut State) -> Result<(), ChainError> {
        loop {
            // Asked before the file is read: a node that begins the next one is done with this one.
            let is_last = !self.has_file(state.file + 1);
            self.read_file(state, is_last)?;
            if is_last {
                return Ok(());
            }
            state.file += 1;
            state.position = 0;
            state.idle_at = None;
        }
    }

    fn read_file(&self, state: &mut State, is_last: bool) -> Result<(), ChainError> {
        let path = self.path(state.file);
        let failed = |source| transient(READING, FilesError::Io { path: path.clone(), source });
        let file = File::open(&path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length < state.position {
            let read = state.position;
            return Err(permanent(
                READING,
                FilesError::Shrunk { path: path.clone(), length, read },
            ));
        }
        let magic = self.network.magic;
        let mut scan =
            RecordScan::new(file, magic, state.key, state.position, is_last).map_err(failed)?;
        // Nodes allocate more than they need: looking through what is still empty once is enough.
        if is_last && state.idle_at == Some(length) && !scan.is_at_record().map_err(failed)? {
            return Ok(());
        }
        if state.file == 0 && state.position == 0 {
            self.check_magic(&path, state.key, scan.peek().map_err(failed)?)?;
        }
        while let Some(record) = scan.next_record().map_err(failed)? {
            let place = Place { file: state.file, offset: record.offset, length: record.length };
            state.tree.insert(&record.header, place);
            state.position = scan.position();
        }
        state.position = scan.position();
        state.idle_at = Some(length);
        state.tree.choose();
        Ok(())
    }

    fn check_magic(
        &self,
        path: &Path,
        key: Option<[u8; 8]>,
        found: [u8; 4],
    ) -> Result<(), ChainError> {
        let Network { name, magic: expected, .. } = self.network;
        // Zeros that were allocated are not masked.
        let empty = key.and_then(|key| key.first_chunk().copied()).unwrap_or_default();
        if found == expected || found == empty || found == [0; 4] {
            return Ok(());
        }
        let path = path.to_owned();
        Err(permanent(READING, FilesError::Magic { path, found, network: name, expected }))
    }

    /// Returns whether there is a file yet; if so, the key of its mask is known afterwards.
    fn prepare(&self, state: &mut State) -> Result<bool, ChainError> {
        if state.position > 0 || state.file > 0 {
            return Ok(true);
        }
        if !self.has_file(0) {
            return match self.first_file()? {
                None => Ok(false),
                Some(first) => {
                    let folder = self.folder.clone();
                    Err(permanent(READING, FilesError::Pruned { folder, first }))
                }
            };
        }
        let path = self.folder.join(KEY_FILE);
        state.key = match fs::read(&path) {
            Ok(bytes) => {
                let length = bytes.len();
                let wrong = |_| permanent(READING, FilesError::Key { path, length });
                Some(<[u8; 8]>::try_from(bytes).map_err(wrong)?)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(transient(READING, FilesError::Io { path, source })),
        };
        Ok(true)
    }

    /// Returns the name of the first block file in the folder.
    fn first_file(&self) -> Result<Option<String>, ChainError> {
        let failed =
            |source| transient(READING, FilesError::Io { path: self.folder.clone(), source });
        let mut first: Option<String> = None;
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name();
            let Some(name) = name.to_str() else { continue };
            let is_block_file = name.starts_with("blk") && name.ends_with(".dat");
            if is_block_file && first.as_deref().is_none_or(|first| name < first) {
                first = Some(name.to_owned());
            }
        }
        Ok(first)
    }

    fn read_block(&self, place: Place) -> io::Result<Vec<u8>> {
        let mut state = self.state();
        let mut file = match state.open.take() {
            Some((number, file)) if number == place.file => file,
            _ => File::open(self.path(place.file))?,
        };
        let mut bytes = vec![0; usize::try_from(place.length).unwrap_or(usize::MAX)];
        let read = scan::read_at(&mut file, state.key, place.offset, &mut bytes)?;
        bytes.truncate(read);
        state.open = Some((place.file, file));
        Ok(bytes)
    }
}

impl View for FilesView {
    fn refresh(&self) -> Result<Option<BlockNumber>, ChainError> {
        let mut state = self.state();
        if !self.prepare(&mut state)? {
            return Ok(None);
        }
        self.read_on(&mut state)?;
        if state.tree.is_rootless() {
            return Err(permanent(READING, FilesError::NoFirstBlock(self.folder.clone())));
        }
        Ok(state.tree.height())
    }

    fn id_at(&self, height: BlockNumber) -> Result<Option<BlockId>, ChainError> {
        Ok(self.state().tree.at(height).map(|(id, _)| id))
    }

    fn block_at(&self, height: BlockNumber) -> Result<Option<Block>, ChainError> {
        let Some((id, place)) = self.state().tree.at(height) else { return Ok(None) };
        let path = self.path(place.file);
        let bytes = self
            .read_block(place)
            .map_err(|source| transient(READING, FilesError::Io { path: path.clone(), source }))?;
        let source = match decode_block(&bytes, height) {
            Ok(block) if block.id == id => return Ok(Some(block)),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        let error = FilesError::Block { id, path, offset: place.offset, source };
        let mut state = self.state();
        if place.file < state.file {
            return Err(permanent(READING, error));
        }
        // The node is writing it just now, or writes over what it lost when it was stopped hard:
        // the file is looked through again.
        state.position = 0;
        state.idle_at = None;
        Err(transient(READING, error))
    }

    /// One reads and decodes while the other hands on; the reader has its own thread.
    fn workers(&self) -> usize {
        2
    }
}
