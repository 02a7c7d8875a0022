"""Asks a directory from Python, with nothing but the standard library.

Signing in takes the user's private key, which is apip-client's business; after that a request is
JSON with two hashes. Needs a session:

    make demo-apip
    apip-client sign-in --url http://localhost:8080/APIP/
    python3 examples/directory_python/main.py
    python3 examples/directory_python/main.py cidInfoSearch '{"size":3}'
"""

import hashlib
import json
import pathlib
import secrets
import sys
import time
import urllib.request

FAMILIES = {
    "cid": "apip3",
    "fid": "apip3",
    "protocol": "apip4",
    "code": "apip5",
    "service": "apip6",
    "app": "apip7",
}


def sign(body: bytes, key: bytes) -> str:
    """The symSign of a body: both sides know the key, so each can check the other."""
    return hashlib.sha256(hashlib.sha256(body + key).digest()).hexdigest()


def ask(session: dict, interface: str, fcdsl: dict) -> dict:
    """Asks one question and checks that the answer is the directory's, and to this question."""
    key = bytes.fromhex(session["sessionKey"])
    family = next(family for name, family in FAMILIES.items() if interface.startswith(name))
    url = f"{session['url']}{family}/v1/{interface}"
    nonce = secrets.randbelow(2**63 - 1) + 1
    request = {"url": url, "time": int(time.time() * 1000), "nonce": nonce, "fcdsl": fcdsl}
    body = json.dumps(request).encode()
    headers = {"SessionName": session["sessionKey"][:12], "Sign": sign(body, key)}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as response:
        answer = response.read()
        is_signed = response.headers.get("Sign") == sign(answer, key)
    answer = json.loads(answer)
    if answer["code"] != 0:
        sys.exit(f"refused with {answer['code']}: {answer['message']} {answer.get('data', '')}")
    if not is_signed or answer["nonce"] != nonce:
        sys.exit("this answer is not the directory's")
    return answer


def main(interface="serviceSearch", fcdsl='{"sort":[{"field":"tRate","order":"desc"}],"size":2}'):
    file = pathlib.Path.home() / ".apip-client" / "session.json"
    session = json.loads(file.read_text())
    question = json.loads(fcdsl)
    seen = 0
    while True:
        answer = ask(session, interface, question)
        for document in answer["data"]:
            print(json.dumps(document, ensure_ascii=False))
        seen += answer["got"]
        print(f"{seen} of {answer['total']}; balance {answer['balance']} satoshi", file=sys.stderr)
        if seen >= answer["total"] or "last" not in answer:
            break
        # The next page begins where this one ends, whatever is registered meanwhile.
        question["after"] = answer["last"]


if __name__ == "__main__":
    main(*sys.argv[1:])
