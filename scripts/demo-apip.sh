#!/usr/bin/env bash
# Starts a directory for trying out, asks it what its documents ask, and leaves it running.
#
#   scripts/demo-apip.sh [FLAG...]    flags of apip-server, such as --records FILE
#
# The programs are those that the folder BIN has; `make demo-apip` builds them.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${BIN:-${CARGO_TARGET_DIR:-target}/debug}

home=$(mktemp -d)
log=$home/server.log
server=
finish() {
    if [ -n "$server" ]; then
        kill "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$home"
}
trap finish EXIT
trap 'echo; exit 0' INT TERM

# Bold where somebody looks on.
bold='' plain=''
[ -t 1 ] && bold=$'\033[1m' plain=$'\033[0m'
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
client() { "$bin/apip-client" "$@"; }
# Shows a command and runs it. What it refuses is a part of the story.
run() {
    printf '\n$ apip-client'
    local argument
    for argument; do
        case $argument in
        *[!A-Za-z0-9_=:./-]*) printf " '%s'" "$argument" ;;
        *) printf ' %s' "$argument" ;;
        esac
    done
    printf '\n'
    client "$@" || echo "(exit code $?)"
}

say 'A directory with every record of Freecash'\''s first 900,000 blocks, and those of the documents'\'' samples'
printf '\n$ apip-server --dev %s\n' "$*"
"$bin/apip-server" --dev --log-level warning "$@" >"$log" 2>&1 &
server=$!
until grep -q '^ready$' "$log"; do
    kill -0 "$server" 2>/dev/null || { cat "$log"; server=; exit 1; }
    sleep 0.1
done
cat "$log"
url=$(awk '$1 == "url-head" { print $2; exit }' "$log")

# The key that the documents print. Nobody's money hangs on it.
export APIP_KEY=L2bHRej6Fxxipvb4TiR5bu1rkT3tRp8yWEsUy4R1Zb8VMm2x7sd8
export APIP_SESSION_FILE=$home/session.json

say 'The documents'\'' user signs in with the key that they print. He has paid 400 FCH; each answer costs 0.001'
run sign-in --url "$url"

say 'The eight questions of APIP4 (protocols) and APIP6 (services)'
run query protocolByIds --id bdaef41f270b0f71d3145396b459a7563bb349150fce7d882ce7a0c66e830d02
run query protocolSearch --part name=AES --size 1
run query protocolOpHistory --terms pid=c50d307c3ac0c193dad6c671ad3cebb881c01c747e03abfeaecc378419739ff4 --size 1
run query protocolRateHistory --terms pid=c50d307c3ac0c193dad6c671ad3cebb881c01c747e03abfeaecc378419739ff4 --size 1
run query serviceByIds --id f656fa9532f8cbdda754365a609c466a7bef102768c0935f9b909aae5289e0a1
run query serviceSearch '{"query":{"part":{"fields":["stdName"],"value":"Apip"}},"size":1}'
run query serviceOpHistory --terms sid=f656fa9532f8cbdda754365a609c466a7bef102768c0935f9b909aae5289e0a1 --size 1
run query serviceRateHistory --terms sid=a4432217ea6b12e4b8095196cf9fe257a0db8e70b4a9acb4b1955d506f8cd1bb --size 1

say 'Real users of the chain, and everything that one of them has done'
run query cidInfoSearch --part usedCids=CY_ --size 1
run all cidHistory --terms signer=FEk41Kqjar45fLDriztUDTUkdki7mmcjWK

say 'That there is nothing is an answer, too; a question that makes no sense costs nothing'
run query protocolSearch --part name=nothing
run query protocolSearch '{"sort":[{"field":"name","order":"up"}]}'

say 'What is left'
run ping

say 'The directory goes on until Ctrl-C. In another terminal:'
cat <<END

export APIP_KEY=$APIP_KEY
client=$bin/apip-client
\$client sign-in --url $url
\$client query serviceSearch --terms types=APIP
\$client all cidHistory --range height=..700000 --size 100 > history.jsonl
curl ${url}freeGet/v1/getServices            # free, without a key
curl ${url%APIP/}metrics

Every interface: ${url%APIP/}docs    The language of questions: docs/fcdsl.md
END
wait "$server"
