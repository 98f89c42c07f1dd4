#!/usr/bin/env python3
"""Runs scim2-tester (PyPI) against a SCIM endpoint.

    scim2_tester_check.py BASE_URL TOKEN

Needs the packages scim2-tester and scim2-client with httpx2. Prints every failure; exit code 1 where one
of them has no explanation in EXPLAINED, or where nothing was checked.
"""

import json
import sys
from collections import Counter

from httpx2 import Client
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

BAD = (Status.DEVIATION, Status.ERROR, Status.CRITICAL)

# Keys that AWS IAM Identity Center has in its error bodies beside those of RFC 7644 section 3.12. The RFC does
# not forbid more keys; scim2-models does. They are checked here and taken out before it looks.
AWS_ERROR_KEYS = ("schema", "exceptionRequestId", "timeStamp")


def without_aws_keys(response) -> None:
    """A hook of the HTTP client."""
    if response.status_code < 400:
        return
    body = json.loads(response.read())
    assert all(key in body for key in AWS_ERROR_KEYS), f"an error body lacks a key of AWS: {body}"
    stripped = {key: value for key, value in body.items() if key not in AWS_ERROR_KEYS}
    response._content = json.dumps(stripped).encode()


def member_display(result) -> bool:
    """The only difference is the members' `display`."""
    data = result.data if isinstance(result.data, dict) else {}
    if data.get("urn") != "members":
        return False
    lists = [data.get("expected"), data.get("actual")]
    plain = [[(m.value, m.ref, m.type) for m in members or []] for members in lists]
    return plain[0] == plain[1] and bool(plain[0])


# A test of the result -> why the server is right all the same.
EXPLAINED = [
    (
        member_display,
        "`display` of a member is read-only and set by the server: RFC 7643 section 8.4 shows it, and section 2.2 "
        "lets a server return what a client did not send.",
    ),
]


def explanation(result) -> str | None:
    return next((why for fits, why in EXPLAINED if fits(result)), None)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    base, token = sys.argv[1].rstrip("/"), sys.argv[2]
    headers = {"Authorization": f"Bearer {token}"}
    hooks = {"response": [without_aws_keys]}
    with Client(base_url=base, headers=headers, timeout=30, event_hooks=hooks) as http:
        results = check_server(SyncSCIMClient(http))
    unexplained = 0
    for result in results:
        if result.status not in BAD:
            continue
        why = explanation(result)
        unexplained += why is None
        print(f"{result.status.name} {result.title} [{result.resource_type or '-'}]: {result.reason}")
        print(f"    {'explained: ' + why if why else 'data: ' + repr(result.data)[:2000]}")
    counts = Counter(result.status.name for result in results)
    print(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    # A server that cannot be discovered would otherwise pass with nothing checked.
    return 1 if unexplained or counts["SUCCESS"] < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
