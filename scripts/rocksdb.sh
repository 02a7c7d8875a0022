#!/usr/bin/env bash
# Compiles RocksDB once for all builds in $CARGO_TARGET_DIR.
#
#   scripts/rocksdb.sh path     prints the folder of the compiled library
#   scripts/rocksdb.sh build    compiles it if it is not there; takes many minutes
#
# Cargo compiles a dependency again for every profile and every set of features that happens to be
# active, which for RocksDB means ten minutes and more each time. With ROCKSDB_LIB_DIR set to this
# folder all of them link the same library. Builds without that variable work too; they are slow.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
version=$(awk '/^name = "librocksdb-sys"/ { getline; gsub(/[^0-9.]+/, "-", $3); print $3 }' Cargo.lock)
folder=$(realpath -m "$target")/rocksdb$version$(uname -m)

build() {
    [ -f "$folder/librocksdb.a" ] && return
    local start=$SECONDS
    local scratch=$target/rocksdb-build
    echo "rocksdb: compiling the library once; this takes many minutes"
    # What an interrupted run left behind cannot be continued.
    rm -rf "$scratch"
    env -u ROCKSDB_LIB_DIR -u ROCKSDB_STATIC \
        cargo build --quiet --locked --lib --package tally-storage-rocksdb --target-dir "$scratch"
    mkdir -p "$folder"
    # Moved in one step, so that an interrupted copy is never taken for the library.
    cp "$scratch"/debug/build/librocksdb-sys-*/out/librocksdb.a "$folder/librocksdb.a.new"
    mv "$folder/librocksdb.a.new" "$folder/librocksdb.a"
    rm -rf "$scratch"
    echo "rocksdb: compiled in $((SECONDS - start)) s"
}

case "${1:-}" in
path) echo "$folder" ;;
build) build ;;
*)
    echo "usage: scripts/rocksdb.sh path|build" >&2
    exit 2
    ;;
esac
