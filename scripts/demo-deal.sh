#!/usr/bin/env bash
# Starts a deal server for trying out, sells two things through it, and leaves it running.
#
#   scripts/demo-deal.sh [FLAG...]    flags of deal-server, such as --api-address 127.0.0.1:5000
#
# The daemon is the one that the folder BIN has; `make demo-deal` builds it. Everything else is curl.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${BIN:-${CARGO_TARGET_DIR:-target}/debug}
command -v curl >/dev/null || { echo 'this demonstration speaks to the server with curl, which is not installed' >&2; exit 1; }

# How long the server may take to see a payment, in tenths of a second. It takes two seconds.
PATIENCE=600

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

# Asks without showing it; a refusal ends the demonstration.
ask() { curl --silent --show-error --fail-with-body "$@"; }
# Shows a command as one would type it, and runs it.
run() {
    printf '\n$ curl'
    local argument
    for argument; do
        case $argument in
        *[!A-Za-z0-9_=:./@-]*) printf " '%s'" "$argument" ;;
        *) printf ' %s' "$argument" ;;
        esac
    done
    printf '\n'
    curl --silent --show-error "$@" | tee "$home/answer"
    # Most answers are one line of JSON without a line end.
    [ -z "$(tail -c 1 "$home/answer")" ] || echo
}
# Waits until what is known of a deal has this in it.
wait_for() {
    local tries=0
    until ask "$api/deal/$1" | grep -q "$2"; do
        tries=$((tries + 1))
        [ "$tries" -le "$PATIENCE" ] || { echo "the deal $1 has not become $2" >&2; exit 1; }
        sleep 0.1
    done
}
# What happened to a deal, one event a line.
show_events() {
    ask "$api/deal/$1/events" | sed 's/,{"data"/\n{"data"/g; $s/$/\n/' | sed -n '
        s/.*"from":"\([A-Za-z]*\)","to":"\([A-Za-z]*\)".*"id":\([0-9]*\),.*"type":"\([a-z_]*\)".*/   \3 \4: \1 → \2/p; t
        s/.*"id":\([0-9]*\),.*"type":"\([a-z_]*\)".*/   \1 \2/p'
}
now() { date -u '+%Y-%m-%d %H:%M:%S UTC'; }

seller=n2f3cbeUUFhbz6mFLpDUzMnrt72sPu7WQK
customer=2N3oefVeg6stiTb5Kh3ozCSkaqmx91FDbsm
module=mynFyJJkRhsbB6y1Q5kTgDGckVz2m9NKH8

say 'A deal server with accounts, deals and a Bitcoin network of its own: a block every two seconds, money from a faucet'
printf '\n$ deal-server --dev --module-address %s' "$module"
[ $# -eq 0 ] || printf ' %s' "$@"
printf '\n'
"$bin/deal-server" --dev --log-level warning --module-address "$module" "$@" >"$log" 2>&1 &
server=$!
until grep -q '^ready$' "$log"; do
    kill -0 "$server" 2>/dev/null || { cat "$log"; server=; exit 1; }
    sleep 0.1
done
cat "$log"
url=$(awk '$1 == "api" { print $2; exit }' "$log")
api=$url/api/v1

say 'A shop sells a book, paid in advance. It says who sells what to whom; the server answers with the order, signed with its PGP key, and the address to pay to. The address is made of the order: change a letter and it is another one'
run "$api/deal/create?payload=text" -d type=Prepaid -d at=http://shop.example -d "date=$(now)" \
    -d seller_address=$seller -d customer_address=$customer -d payment_sum=0.01
cp "$home/answer" "$home/order.asc"
# After those of seller and customer.
book=$(sed -n 's/^ *address: //p' "$home/order.asc" | sed -n 3p)

say 'Anybody can have the signature checked (or check it with gpg: the key is at /api/v1/key/public?account=DEFAULT)'
run "$api/signature" -H 'Content-Type: text/plain' --data-binary "@$home/order.asc"
sed 's/0\.01 tBTC/0.001 tBTC/' "$home/order.asc" >"$home/forged.asc"
echo
echo 'The same text with a tenth of the sum:'
run "$api/signature" -H 'Content-Type: text/plain' --data-binary "@$home/forged.asc"

say 'What the customer'\''s wallet reads, as a link; /qr.svg is its picture'
run "$api/deal/$book/uri"

say 'The customer pays: here the faucet does. The next block has the payment; the seller is paid, less the miner'\''s fee and the 0.1% of the module'\''s owner'
run "$api/dev/faucet" -d "address=$book" -d sum=0.01
wait_for "$book" '"state":"Executed"'
run "$api/deal/status?address=$book&payload=text"
echo
echo 'What happened, as webhooks and streams tell it:'
show_events "$book"

say 'A block later the payout is in the chain, too: whatever becomes of the server, the seller has the money'
run "$api/dev/mine" -d blocks=1
wait_for "$book" '"isConfirmed":true'
run "$api/bc/history" -d "account=$book"

say 'Now a lamp, paid afterwards: the money waits until the customer is content, or until leave-before'
date=$(now)
order=(-d type=Postpaid -d at=http://shop.example -d "date=$date" -d seller_address=$seller -d customer_address=$customer -d payment_sum=0.02)
run "$api/deal/create?payload=json" "${order[@]}"
lamp=$(grep -o '"payment":{[^}]*' "$home/answer" | grep -o '"address":"[^"]*"' | cut -d'"' -f4)
run "$api/dev/faucet" -d "address=$lamp" -d sum=0.02
wait_for "$lamp" '"state":"Paid"'

say 'It arrived broken. The mediator of the shop decides that the customer gets everything back'
run "$api/deal/complete?payload=text" "${order[@]}" -d "payment_address=$lamp" -d feedback_status=Neutral \
    -d 'feedback_comments=arrived broken' -d feedback_refund=100%
wait_for "$lamp" '"state":"Executed"'
run "$api/deal/status?address=$lamp&payload=text"
echo
echo 'What happened:'
show_events "$lamp"

say 'What does not make sense is refused, and says why'
run "$api/deal/create" -d type=Prepaid -d at=http://shop.example -d 'date=2022-04-11 11:14:46 UTC' \
    -d seller_address=$seller -d customer_address=$customer -d payment_sum=0.01
run "$api/deal/create" -d type=Prepaid -d at=http://shop.example -d "date=$(now)" \
    -d seller_address=$seller -d customer_address=nobody -d payment_sum=0.01
run "$api/deal/complete" "${order[@]}" -d "payment_address=$book" -d feedback_status=Positive

say 'The server goes on until Ctrl-C. In another terminal:'
cat <<END

api=$api
curl "\$api/account/new?payload=html" -d address=$module -d key=02ef68c191984433c8a730b8fa48a47ec016a0727e6d26cc0982c8900b39354f61
curl "\$api/deal/create?payload=text" -d type=Prepaid -d at=http://shop.example -d "date=\$(date -u '+%Y-%m-%d %H:%M:%S UTC')" \\
    -d seller_address=$seller -d customer_address=$customer -d payment_sum=0.01
curl "\$api/deal/list?state=Executed"
curl "\$api/deal/$book/qr.svg" > qr.svg
curl -N -H 'Accept: text/event-stream' "\$api/events?after=0"        # what happened, and what happens
curl $url/metrics

Every endpoint: $url/docs    Who can spend what, and everything else: docs/deals.md
END
wait "$server"
