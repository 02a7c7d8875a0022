//! How fast block files are read: `cargo bench -p tally-chain-utxo`.

#![expect(clippy::unwrap_used, reason = "a measurement may fail loudly")]

use std::time::Instant;
use tally_chain::utxo::{Source, Start, Update};
use tally_chain_utxo::{
    DevBlock, DevChain, DevTransaction, FilesSettings, FilesSource, Network, decode_block,
    write_record,
};
use tally_crypto::fch::{self, AddressVersion};
use tally_primitives::{BlockNumber, Satoshi};

const NETWORK: Network = Network::FREECASH_REGTEST;
/// Time of the first block.
const TIME: u64 = 1_600_000_000;

/// Makes blocks of so many transactions, each with the scripts of a signed one.
fn blocks(count: usize, transactions: usize) -> Vec<Vec<u8>> {
    let chain = DevChain::new(NETWORK);
    let [one, two] =
        [1, 2].map(|byte| fch::fid_of_hash(AddressVersion(NETWORK.key_version), &[byte; 20]));
    for _ in 0..count {
        let funded = vec![(one.clone(), Satoshi(1_000_000)); transactions];
        let transactions = chain.coins(&one).into_iter().take(transactions).map(|coin| {
            // The second output stands for the signature and the key, which are not read.
            DevTransaction::new()
                .spend(coin.point)
                .pay(two.clone(), Satoshi(1_000))
                .pay(two.clone(), Satoshi(1_000))
                .output(vec![0x6a; 100], Satoshi(0))
        });
        let transactions = transactions.collect();
        chain.mine(DevBlock { time: TIME, funded, transactions }).unwrap();
    }
    chain.raw_blocks()
}

#[expect(clippy::print_stdout, reason = "what is measured is shown")]
async fn measure(name: &str, blocks: &[Vec<u8>]) {
    let folder = tempfile::tempdir().unwrap();
    for (number, chunk) in blocks.chunks(2_000).enumerate() {
        let mut bytes = Vec::new();
        for raw in chunk {
            write_record(&mut bytes, NETWORK.magic, raw).unwrap();
        }
        std::fs::write(folder.path().join(format!("blk{number:05}.dat")), &bytes).unwrap();
    }
    let size: usize = blocks.iter().map(Vec::len).sum();
    let megabytes = size as f64 / 1e6;
    let began = Instant::now();
    for raw in blocks {
        decode_block(raw, BlockNumber(0)).unwrap();
    }
    let alone = began.elapsed().as_secs_f64();
    let began = Instant::now();
    let settings = FilesSettings::new(NETWORK, folder.path());
    let mut source = FilesSource::start(settings, Start::Fresh).unwrap();
    let mut indexed = None;
    let mut received = 0;
    while let Update::Block(_) = source.next().await.unwrap() {
        received += 1;
        indexed.get_or_insert_with(|| began.elapsed().as_secs_f64());
    }
    let whole = began.elapsed().as_secs_f64();
    assert_eq!(received, blocks.len());
    assert_eq!(source.head(), Some(BlockNumber(blocks.len() as u64 - 1)));
    println!(
        "{name}: {received} blocks, {megabytes:.0} MB; decoding on one core {:.0} MB/s, {:.0} blocks/s; \
         source {:.0} MB/s, {:.0} blocks/s, of which headers took {:.3} s of {whole:.3} s",
        megabytes / alone,
        received as f64 / alone,
        megabytes / whole,
        received as f64 / whole,
        indexed.unwrap_or_default(),
    );
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let chain = DevChain::new(NETWORK);
    (0..20_000).for_each(|number| drop(chain.mine(DevBlock::empty(TIME + number)).unwrap()));
    measure("empty blocks", &chain.raw_blocks()).await;
    measure("blocks of 10 transactions", &blocks(3_000, 10)).await;
    measure("blocks of 1,000 transactions", &blocks(150, 1_000)).await;
}
