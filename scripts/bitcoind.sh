#!/usr/bin/env bash
# Gets a bitcoind for the tests that need a real node.
#
#   scripts/bitcoind.sh path     prints the program; fails, and prints nothing, if there is none
#   scripts/bitcoind.sh build    gets it if there is none; some seconds and 25 MB
#
# $TALLY_BITCOIND names a program that is taken instead; so is a bitcoind in PATH if none was got.
#
# Debian's stable release has no bitcoind, its unstable one has bitcoin-knots. Its packages and those
# of the libraries that it needs are unpacked into a folder of their own, from where the program runs
# with its own loader; nothing is installed. apt gets them from the mirror that the system itself
# uses and checks them as it checks its own: the release's signature with Debian's keys, the index
# with the release, the packages with the index.
#
# Where that is not possible (no apt, no mirror of Debian, another processor) it says so and does
# nothing: tests that need the program are skipped, or fail if TALLY_REQUIRE_BITCOIND is set.
set -euo pipefail

cache=$(realpath -m "${XDG_CACHE_HOME:-$HOME/.cache}")/tallystick
keys=/usr/share/keyrings/debian-archive-keyring.gpg
triplet=x86_64-linux-gnu

has() { command -v "$1" >/dev/null 2>&1; }

# The newest version that was got.
got() {
    local program
    program=$(printf '%s\n' "$cache"/bitcoind-*/bitcoind | sort -V | tail -n 1)
    [ -x "$program" ] && echo "$program"
}

path() {
    if [ -n "${TALLY_BITCOIND:-}" ]; then
        echo "$TALLY_BITCOIND"
    else
        got || command -v bitcoind
    fi
}

give_up() {
    {
        echo
        echo "bitcoind: NOT AVAILABLE: $*"
        echo 'bitcoind: tests that need a real node are skipped. To run them, set TALLY_BITCOIND to the'
        echo 'bitcoind: path of a bitcoind (Bitcoin Core or Knots, version 25 or later).'
        echo
    } >&2
    [ -z "${TALLY_REQUIRE_BITCOIND:-}" ]
    exit
}

# The address of the system's mirror of Debian; another suite of it need not be in its sources.
mirror() {
    apt-get indextargets --format '$(REPO_URI)' | grep -E '/debian/?$' | sort -u | head -n 1
}

# apt with nothing of the system's state but its keys, its proxies and the like.
private_apt() {
    local command=$1
    shift
    "$command" \
        -o Dir::Etc::sourcelist="$scratch/sources.list" -o Dir::Etc::sourceparts="$scratch/none" \
        -o Dir::Etc::preferences="$scratch/none/none" -o Dir::Etc::preferencesparts="$scratch/none" \
        -o Dir::State::status="$scratch/status" -o Dir::State="$scratch/state" \
        -o Dir::Cache="$scratch/cache" -o Dir::Log="$scratch" \
        -o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::http::Timeout=30 \
        -o APT::Architecture=amd64 -o APT::Architectures=amd64 \
        -o APT::Install-Recommends=false -o APT::Sandbox::User="$(id -un)" -qq "$@"
}

# Unpacks the program and its libraries into $1.
unpack() {
    local place=$1 base packages package
    base=$(mirror)
    mkdir -p "$place" "$scratch"/{none,state/lists/partial,cache/archives/partial,packages}
    : >"$scratch/status"
    echo "deb [signed-by=$keys arch=amd64] $base sid main" >"$scratch/sources.list"
    private_apt apt-get update \
        -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
        -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false
    # Of what the package depends on the program needs the libraries, not the services.
    packages=$(private_apt apt-get --simulate install bitcoin-knots |
        awk '$1 == "Inst" && $2 ~ /^(lib|zlib1g$|bitcoin-knots$)/ { print $2 }')
    # shellcheck disable=SC2086 # One word is one package.
    (cd "$scratch/packages" && private_apt apt-get download $packages)
    for package in "$scratch"/packages/*.deb; do
        dpkg-deb --extract "$package" "$place"
    done
    rm -rf "$place/usr/share" "$place/etc" "$place/var"
}

# Writes the program that is started: it becomes the node, so that ending it ends the node.
write_program() {
    cat >"$1/bitcoind" <<END
#!/bin/sh
here=\$(dirname "\$(realpath "\$0")")
exec "\$here/usr/lib/$triplet/ld-linux-x86-64.so.2" \\
    --library-path "\$here/usr/lib/$triplet:\$here/lib/$triplet" "\$here/usr/bin/bitcoind" "\$@"
END
    chmod +x "$1/bitcoind"
}

build() {
    path >/dev/null && return
    [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
        give_up "packages for $(uname -s) on $(uname -m) are not looked for"
    { has apt-get && has dpkg-deb; } || give_up 'there is no apt'
    [ -r "$keys" ] || give_up "Debian's keys are not in $keys"
    [ -n "$(mirror)" ] || give_up "the system's package sources name no mirror of Debian"
    mkdir -p "$cache"
    # Two runs at once would destroy each other's work.
    exec 9>"$cache/.bitcoind.lock"
    flock 9
    got >/dev/null && return
    local start=$SECONDS version code
    echo 'bitcoind: getting it from Debian'
    scratch=$(mktemp -d -p "$cache")
    trap 'rm -rf "$scratch"' EXIT
    # A list of commands that is asked for its outcome would go on after a failure.
    set +e
    (set -e && unpack "$scratch/program")
    code=$?
    set -e
    [ $code = 0 ] || give_up "Debian's packages could not be got"
    write_program "$scratch/program"
    version=$("$scratch/program/bitcoind" --version | sed -n '1s/.*version v*//p') || version=
    [ -n "$version" ] || give_up 'the program does not start'
    # In one step, so that an interrupted run is never taken for the program.
    mv "$scratch/program" "$cache/bitcoind-$version"
    echo "bitcoind: got version $version in $((SECONDS - start)) s"
}

case "${1:-}" in
path) path ;;
build) build ;;
*)
    echo 'usage: scripts/bitcoind.sh path|build' >&2
    exit 2
    ;;
esac
