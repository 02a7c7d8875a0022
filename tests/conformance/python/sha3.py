"""The two functions of the package pysha3 that the drivers use; it no longer builds.

The drivers of servers up to 0.8.0 were released when `sha3_256` meant Keccak-256, and their suites
contain ids made with it. TALLYSTICK_SHA3=keccak brings that meaning back.
"""

import hashlib
import os

from Crypto.Hash import keccak


def keccak_256(data=b""):
    """Returns a hash object that has taken in `data`."""
    return keccak.new(digest_bits=256, data=data, update_after_digest=True)


sha3_256 = keccak_256 if os.environ.get("TALLYSTICK_SHA3") == "keccak" else hashlib.sha3_256
