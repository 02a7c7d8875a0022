#!/usr/bin/env bash
# Installs the published Python drivers that bigchain-node serves, and the test suites that come with
# them. Silent, and without a look at the network, when they are there.
#
#   scripts/drivers.sh path     prints the folder that holds one folder for each driver
#   scripts/drivers.sh build    installs what is missing; a minute or two the first time
#
# <folder>/<version>/venv/bin/python runs with the driver; <folder>/<version>/suite is its suite. All
# versions are pinned in tests/conformance/requirements; what the packages miss in a current Python
# is in tests/conformance/python.
set -euo pipefail
cd "$(dirname "$0")/.."

here=tests/conformance
folder=$(realpath -m "${XDG_CACHE_HOME:-$HOME/.cache}")/tallystick/drivers

# Whatever changes this text makes an installation out of date.
recipe() {
    python3 --version
    cat "$here/requirements/common.txt" "$here/requirements/tools.txt" "$here/requirements/$1.txt"
    cat "$here"/python/*.py scripts/drivers.sh
}

install_driver() {
    local version=$1 place=$folder/$1
    echo "drivers: installing the Python driver $version"
    # What an interrupted run left behind cannot be continued.
    rm -rf "$place"
    mkdir -p "$place"
    python3 -m venv "$place/venv"
    pip install -r "$here/requirements/tools.txt"
    pip install -r "$here/requirements/$version.txt"
    # The suite is in the source archive only.
    pip download --no-binary :all: --dest "$place" "bigchaindb-driver==$version"
    mkdir "$place/source"
    tar -xzf "$place"/bigchaindb?driver-"$version".tar.gz -C "$place/source" --strip-components=1
    pip install "$place/source"
    mv "$place/source" "$place/suite"
    local packages
    packages=$("$place/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    cp "$here"/python/*.py "$packages/"
    echo 'import tallystick_legacy' >"$packages/tallystick.pth"
}

# All that is needed is named, so that pip need not look for more.
pip() {
    local command=$1
    shift
    "$place/venv/bin/python" -m pip --quiet --disable-pip-version-check "$command" \
        --no-deps --no-build-isolation "$@"
}

build() {
    mkdir -p "$folder"
    # Two runs at once would destroy each other's work.
    exec 9>"$folder/.lock"
    flock 9
    local start=$SECONDS did=0 requirements version
    for requirements in "$here"/requirements/[0-9]*.txt; do
        version=$(basename "$requirements" .txt)
        cmp -s <(recipe "$version") "$folder/$version/.recipe" && continue
        install_driver "$version"
        recipe "$version" >"$folder/$version/.recipe"
        did=1
    done
    [ $did = 0 ] || echo "drivers: installed in $((SECONDS - start)) s"
}

case "${1:-}" in
path) echo "$folder" ;;
build) build ;;
*)
    echo "usage: scripts/drivers.sh path|build" >&2
    exit 2
    ;;
esac
