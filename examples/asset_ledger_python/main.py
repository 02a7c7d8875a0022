"""Creates an asset, transfers it, and looks both up, through the published Python driver.

Needs a running node and the driver:

    make ledger
    make example-python

Another node than http://localhost:9984 is given by ARGS=http://host:port.
"""

import sys

from bigchaindb_driver import BigchainDB
from bigchaindb_driver.crypto import generate_keypair
from bigchaindb_driver.exceptions import BadRequest


def main(url):
    ledger = BigchainDB(url)
    alice, bob = generate_keypair(), generate_keypair()

    creation = ledger.transactions.prepare(
        operation="CREATE",
        signers=alice.public_key,
        asset={"data": {"bicycle": {"serial_number": "abcd1234", "manufacturer": "bkfab"}}},
        metadata={"planet": "earth"},
    )
    creation = ledger.transactions.fulfill(creation, private_keys=alice.private_key)
    # Answers when the transaction is valid.
    ledger.transactions.send_commit(creation)
    print("Alice created the asset", creation["id"])

    def transfer_to(public_key):
        output = creation["outputs"][0]
        transfer = ledger.transactions.prepare(
            operation="TRANSFER",
            asset={"id": creation["id"]},
            inputs={
                "fulfillment": output["condition"]["details"],
                "fulfills": {"output_index": 0, "transaction_id": creation["id"]},
                "owners_before": output["public_keys"],
            },
            recipients=public_key,
        )
        transfer = ledger.transactions.fulfill(transfer, private_keys=alice.private_key)
        return ledger.transactions.send_commit(transfer)

    transfer = transfer_to(bob.public_key)
    print("Alice transferred it to Bob by", transfer["id"])

    try:
        transfer_to(alice.public_key)
    except BadRequest as refusal:
        print("Alice cannot transfer it again:", refusal.info["message"])

    for name, owner in ("Alice", alice), ("Bob", bob):
        print(name, "has", len(ledger.outputs.get(owner.public_key, spent=False)), "unspent outputs")
    print("The transfer is in block", ledger.blocks.get(txid=transfer["id"]))
    found = ledger.assets.get(search="bkfab")
    print(len(found), "assets are by bkfab")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://localhost:9984")
