# Everything a newcomer needs: `make demo` shows it, `make test` proves it.

CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tallystick
export CARGO_TARGET_DIR ?= $(CACHE)/target

# RocksDB is compiled once and linked by every build; see scripts/rocksdb.sh.
export ROCKSDB_LIB_DIR ?= $(shell CARGO_TARGET_DIR='$(CARGO_TARGET_DIR)' scripts/rocksdb.sh path)
export ROCKSDB_STATIC := 1

CONTRACTS := crates/chain-evm/contracts
# What links RocksDB or starts programs installed by npm or pip; the inner loop leaves it out.
SLOW := tally-storage-rocksdb tally-postgres tally-accounts-postgres tally-deal-postgres smartraiden-node bigchain-node apip-server deal-server tally-tests tally-bench

.PHONY: help setup setup-demo rocksdb demo demo-apip demo-deal ledger load example example-python test test-fast lint bench docs
.DEFAULT_GOAL := help

help:
	@echo 'make demo       seven nodes pay each other; leaves them running until Ctrl-C'
	@echo 'make ledger     runs an asset ledger on localhost:9984 until Ctrl-C'
	@echo 'make demo-apip  a directory with real records answers signed questions; Ctrl-C ends it'
	@echo 'make demo-deal  a deal server on a simulated chain sells two things; Ctrl-C ends it'
	@echo 'make load       posts transactions to it and reports how it fares'
	@echo 'make test       every test; the first time compiles RocksDB and installs the ledger'\''s Python'
	@echo '                drivers, which takes a while'
	@echo 'make test-fast  the tests that need neither RocksDB, PostgreSQL, Node nor Python: the inner loop'
	@echo 'make lint       formatting, clippy, documentation, layers, contract artefacts'
	@echo 'make bench      measures, and writes docs/benchmarks.md and target/bench/results.json'
	@echo 'make docs       the documentation of every crate, as HTML'
	@echo 'make setup      installs what is missing; demo, test, lint and bench do so themselves'

setup:
	@scripts/setup.sh full

setup-demo:
	@scripts/setup.sh light

rocksdb: setup
	@scripts/rocksdb.sh build

demo: setup-demo
	cargo run --locked -p seven_nodes -- $(ARGS)

# Neither RocksDB nor PostgreSQL: what the demo needs compiles in a minute or two.
demo-apip: setup-demo
	cargo build --locked -p apip-server -p apip-client --no-default-features
	@scripts/demo-apip.sh $(ARGS)

demo-deal: setup-demo
	cargo build --locked -p deal-server --no-default-features
	@scripts/demo-deal.sh $(ARGS)

ledger: rocksdb
	cargo run --locked --release -p bigchain-node -- start $(ARGS)

load: rocksdb
	cargo run --locked --release -p bigchain-node -- load $(ARGS)

# Create, transfer and look up: on a ledger in the example's own process.
example: setup-demo
	cargo run --locked -p asset_ledger

# The same through the published Python driver, on the node that `make ledger` runs.
example-python: setup
	$$(scripts/drivers.sh path)/0.6.2/venv/bin/python examples/asset_ledger_python/main.py $(ARGS)

test-fast: setup-demo
	cargo test --locked --workspace $(addprefix --exclude ,$(SLOW))

# One selection of packages for all steps, so that no dependency is compiled twice. The binaries
# come first: the black-box tests start them.
test: rocksdb
	cargo build --locked --workspace --all-targets --features tally-chain-evm/anvil-tests
	cargo test --locked --workspace --features tally-chain-evm/anvil-tests
	npm --prefix $(CONTRACTS) run --silent test

lint: setup
	cargo fmt --all --check
	cargo run --locked --quiet -p xtask -- check
	npm --prefix $(CONTRACTS) run --silent check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps

bench: rocksdb
	cargo run --locked --release -p tally-bench -- $(ARGS)

docs: setup
	cargo doc --locked --workspace --no-deps
	@echo 'Start at $(CARGO_TARGET_DIR)/doc/tally_channel/index.html'
