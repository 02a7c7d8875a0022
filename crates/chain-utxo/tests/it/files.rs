//! Block files as nodes leave them: masked, half written, grown, broken.

use crate::support::{
    Followed, Harness, InFiles, POLL, TIME, append, catch_up_to, chain_of, failure, grow, ids,
    next, write,
};
use std::fs;
use tally_chain::utxo::{Source, Start, Update};
use tally_chain_utxo::{
    DevBlock, DevChain, FilesError, FilesSettings, FilesSource, Network, write_record,
};
use tally_primitives::BlockNumber;
use tempfile::TempDir;

const NETWORK: Network = Network::FREECASH_REGTEST;

fn chain(blocks: u64) -> DevChain {
    let chain = DevChain::new(NETWORK);
    grow(&chain, blocks);
    chain
}

fn records(blocks: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let record = |raw: &Vec<u8>| {
        let mut bytes = Vec::new();
        write_record(&mut bytes, NETWORK.magic, raw).unwrap();
        bytes
    };
    blocks.iter().map(record).collect()
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    fn source(&self) -> FilesSource {
        let settings = FilesSettings { poll: POLL, ..FilesSettings::new(NETWORK, self.0.path()) };
        FilesSource::start(settings, Start::Fresh).unwrap()
    }
}

/// Gives the source time to read what must not be delivered: it keeps still for many polls.
async fn keeps_still(source: &mut dyn Source) {
    let outcome = tokio::time::timeout(POLL * 10, source.next()).await;
    assert!(outcome.is_err(), "{outcome:?}");
}

/// Goal: a record is delivered when its last byte is there. Method: write it in parts, the first of
/// which is the cut tail that the source begins with; the last part goes on in the next file.
#[tokio::test]
async fn a_cut_tail_waits_for_the_rest() {
    let chain = chain(4);
    let parts = records(&chain.raw_blocks());
    let folder = Folder::new();
    write(&folder.file("blk00000.dat"), &parts[..2].concat());
    let mut source = folder.source();
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut source, BlockNumber(1)).await);
    for (from, to) in [(0, 2), (2, 20), (20, 100)] {
        append(&folder.file("blk00000.dat"), &parts[2][from..to]);
        keeps_still(&mut source).await;
    }
    append(&folder.file("blk00000.dat"), &parts[2][100..]);
    followed.take(catch_up_to(&mut source, BlockNumber(2)).await);
    append(&folder.file("blk00001.dat"), &parts[3]);
    followed.take(catch_up_to(&mut source, BlockNumber(3)).await);
    append(&folder.file("blk00001.dat"), &parts[4]);
    followed.take(catch_up_to(&mut source, BlockNumber(4)).await);
    assert_eq!(followed.ids(), ids(&chain));
}

/// Goal: room that a node allocated is no end, and a block whose bytes come later than its header
/// is waited for. Method: a file of zeros, written over in steps.
#[tokio::test]
async fn allocated_room_is_written_over() {
    let chain = chain(3);
    let parts = records(&chain.raw_blocks());
    let folder = Folder::new();
    let mut bytes = vec![0; 100_000];
    let first: usize = parts[..2].iter().map(Vec::len).sum();
    bytes[..first].copy_from_slice(&parts[..2].concat());
    write(&folder.file("blk00000.dat"), &bytes);
    let mut source = folder.source();
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut source, BlockNumber(1)).await);
    // Magic and length; then half a header; then the header without its transactions.
    for written in [8, 40, 88] {
        bytes[first..first + written].copy_from_slice(&parts[2][..written]);
        write_over(&folder, &bytes);
        keeps_still(&mut source).await;
    }
    bytes[first..first + parts[2].len()].copy_from_slice(&parts[2]);
    let second = first + parts[2].len();
    bytes[second + 500..second + 500 + parts[3].len()].copy_from_slice(&parts[3]);
    write_over(&folder, &bytes);
    followed.take(catch_up_to(&mut source, BlockNumber(3)).await);
    assert_eq!(followed.ids(), ids(&chain));
}

/// Replaces the file's bytes without ever making it shorter.
fn write_over(folder: &Folder, bytes: &[u8]) {
    use std::io::Write;
    let path = folder.file("blk00000.dat");
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
}

/// Goal: the files of newer nodes are read, whose bytes are masked.
#[tokio::test]
async fn masked_files_are_read() {
    let chain = chain(6);
    let parts = records(&chain.raw_blocks());
    let folder = Folder::new();
    let key = [0x1f, 0x8b, 0, 0xff, 7, 0x55, 0xaa, 0x31];
    write(&folder.file("xor.dat"), &key);
    for (name, half) in [("blk00000.dat", &parts[..3]), ("blk00001.dat", &parts[3..])] {
        let mut bytes = half.concat();
        bytes.iter_mut().zip(key.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        bytes.extend([0; 1_000]);
        write(&folder.file(name), &bytes);
    }
    let mut source = folder.source();
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut source, BlockNumber(6)).await);
    assert_eq!(followed.ids(), ids(&chain));
    write(&folder.file("xor.dat"), &key[..7]);
    let text = failure(&mut folder.source()).await;
    assert!(text.contains("7 bytes instead of 8"), "{text}");
}

/// Goal: branches that were left, repeats, and remains of a hard stop change nothing.
#[tokio::test]
async fn only_the_best_branch_counts() {
    let harness = InFiles::new(DevChain::new(NETWORK));
    grow(harness.chain(), 30);
    harness.publish();
    harness.chain().reorganise_empty(10).unwrap();
    harness.publish();
    let raw = harness.chain().raw_blocks();
    let broken = [&records(&raw[5..6])[0][..50], &NETWORK.magic, b"garbage", &[0; 9]].concat();
    append(&harness.path(9), &[&broken, &records(&raw[7..8])[0], &broken[..]].concat());
    for file in 0..9 {
        if !harness.path(file).exists() {
            write(&harness.path(file), &broken);
        }
    }
    let mut source = harness.source(NETWORK, Start::Fresh);
    let mut followed = Followed::default();
    followed.take(catch_up_to(&mut *source, BlockNumber(31)).await);
    assert_eq!(followed.ids(), ids(harness.chain()));
}

/// Goal: a block whose file was damaged ends the source, and the place is named.
#[tokio::test]
async fn a_damaged_block_is_named() {
    let chain = chain(3);
    let parts = records(&chain.raw_blocks());
    let folder = Folder::new();
    let mut bytes = parts[..3].concat();
    let offset = parts[0].len() + parts[1].len() + 8;
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    write(&folder.file("blk00000.dat"), &bytes);
    write(&folder.file("blk00001.dat"), &parts[3]);
    let mut source = folder.source();
    for _ in 0..2 {
        assert!(matches!(next(&mut source).await, Ok(Update::Block(_))));
    }
    let text = failure(&mut source).await;
    assert!(text.contains(&format!("at byte {offset} of")), "{text}");
    assert!(text.contains("blk00000.dat: the transactions are not those"), "{text}");
}

/// Goal: folders that hold something else are told apart.
#[tokio::test]
async fn folders_of_something_else_are_refused() {
    let folder = Folder::new();
    let absent = FilesSettings::new(NETWORK, folder.file("absent"));
    let error = FilesSource::start(absent, Start::Fresh).unwrap_err();
    assert!(matches!(&error, FilesError::NoFolder(_)), "{}", chain_of(&error));

    write(&folder.file("blk00017.dat"), b"x");
    let text = failure(&mut folder.source()).await;
    assert!(text.contains("begin with blk00017.dat, not with blk00000.dat"), "{text}");

    let main = DevChain::new(Network::FREECASH).raw_blocks().remove(0);
    let mut bytes = Vec::new();
    write_record(&mut bytes, Network::FREECASH.magic, &main).unwrap();
    write(&folder.file("blk00000.dat"), &bytes);
    let text = failure(&mut folder.source()).await;
    assert!(text.contains("begins with f9beb4d9, the blocks of freecash-regtest with fabfb5da"));

    write(&folder.file("blk00000.dat"), &records(&chain(2).raw_blocks()[1..])[0]);
    let text = failure(&mut folder.source()).await;
    assert!(text.contains("but not the chain's first one"), "{text}");
}

/// Goal: a node that has not begun to write is waited for.
#[tokio::test]
async fn an_empty_folder_is_waited_for() {
    let folder = Folder::new();
    let mut source = folder.source();
    keeps_still(&mut source).await;
    write(&folder.file("blk00000.dat"), &[0; 1_000]);
    keeps_still(&mut source).await;
    let chain = DevChain::new(NETWORK);
    chain.mine(DevBlock::empty(TIME)).unwrap();
    let mut bytes = records(&chain.raw_blocks()).concat();
    bytes.resize(1_000, 0);
    write_over(&folder, &bytes);
    catch_up_to(&mut source, BlockNumber(1)).await;
}

/// Goal: a file that becomes shorter was replaced, and going on would mix two chains.
#[tokio::test]
async fn a_file_that_shrinks_ends_the_source() {
    let folder = Folder::new();
    write(&folder.file("blk00000.dat"), &records(&chain(2).raw_blocks()).concat());
    let mut source = folder.source();
    catch_up_to(&mut source, BlockNumber(2)).await;
    write(&folder.file("blk00000.dat"), &records(&chain(0).raw_blocks()).concat());
    let text = failure(&mut source).await;
    assert!(text.contains("were read of it before"), "{text}");
}
