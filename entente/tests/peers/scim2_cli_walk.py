#!/usr/bin/env python3
"""Walks through the life of a user and a group with the command of scim2-cli (PyPI).

    scim2_cli_walk.py BASE_URL TOKEN

The command is a process of its own for each step, as its users run it: it reads the server's schemas, makes its
options of them, and checks requests and answers against them. It ends with an error where a step fails or its
answer is not the expected one.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
COMMAND = Path(sys.executable).parent / "scim2"
STEPS = 0


def scim(*arguments: str, stdin: str | None = None, fails: bool = False):
    """Runs a step; its answer."""
    global STEPS
    STEPS += 1
    with_input = {"input": stdin} if stdin else {"stdin": subprocess.DEVNULL}
    done = subprocess.run([COMMAND, *arguments], capture_output=True, text=True, timeout=60, **with_input)
    said = f"{arguments}: {done.stdout}{done.stderr}"
    assert "Traceback" not in said and (done.returncode != 0) == fails, said
    start = done.stdout.find("{")
    return json.loads(done.stdout[start:]) if start >= 0 else said


def refused(*arguments: str):
    """Runs a step that the server refuses. RFC 7644 section 3.12 does not forbid the keys that AWS has beside its own
    in an error; scim2-models does. They are all that it may find fault with."""
    said = scim(*arguments, fails=True)
    lines = said.splitlines()
    faults = [lines[at - 1].split()[-1] for at, line in enumerate(lines) if "Extra inputs are not permitted" in line]
    assert sorted(faults) == ["exceptionRequestId", "schema", "timeStamp"] and "[type=" in said, said
    assert said.count("[type=") == len(faults), said


def expect(answer, **values):
    for name, value in values.items():
        assert answer.get(name) == value, f"{name} is not {value!r}: {json.dumps(answer)}"


def users() -> list[str]:
    emails = json.dumps([{"value": "ana@cli.example", "type": "work", "primary": True}])
    ana = scim(
        "create", "user", "--user-name", "ana@cli.example", "--display-name", "Ana", "--emails", emails,
        "--name", json.dumps({"givenName": "Ana", "familyName": "Ng"}), "--active", "true",
    )  # fmt: skip
    expect(ana, userName="ana@cli.example", active=True)
    body = {"schemas": [CORE, ENTERPRISE], "userName": "max@cli.example", ENTERPRISE: {"department": "Tours"}}
    max_ = scim("create", "user", stdin=json.dumps(body))
    expect(max_, **{ENTERPRISE: {"department": "Tours"}})
    refused("create", "user", "--user-name", "ANA@cli.example")

    found = scim("query", "user", "--filter", 'userName eq "ana@cli.example" and active eq true')
    expect(found, totalResults=1)
    expect(scim("query", "user", ana["id"], "--attribute", "displayName"), displayName="Ana", id=ana["id"])
    page = scim("query", "user", "--cursor", "", "--count", "1")
    assert len(page["Resources"]) == 1 and page["nextCursor"], page
    rest = scim("query", "user", "--cursor", page["nextCursor"], "--count", "1")
    assert rest["Resources"][0]["id"] != page["Resources"][0]["id"], rest
    sorted_ = scim("search", "user", "--sort-by", "userName", "--sort-order", "descending")
    assert [user["userName"] for user in sorted_["Resources"]] == ["max@cli.example", "ana@cli.example"], sorted_

    work = 'emails[type eq "work"].value'
    changed = scim(
        "modify", "user", ana["id"], "replace", "displayName", "Ana N.", "replace", work, "a.ng@cli.example",
        "add", f"{ENTERPRISE}:department", "R&D", "add", "phoneNumbers", '[{"value": "+49 1", "type": "mobile"}]',
    )  # fmt: skip
    expect(changed, displayName="Ana N.", phoneNumbers=[{"value": "+49 1", "type": "mobile"}])
    assert changed["emails"][0]["value"] == "a.ng@cli.example", changed
    expect(changed, **{ENTERPRISE: {"department": "R&D"}})
    gone = scim("modify", "user", ana["id"], "remove", "phoneNumbers", "remove", 'emails[type eq "work"]')
    assert "phoneNumbers" not in gone and "emails" not in gone, gone
    replaced = scim("replace", "user", "--id", ana["id"], "--user-name", "ana@cli.example", "--title", "Lead")
    assert "displayName" not in replaced and replaced["title"] == "Lead", replaced
    return [ana["id"], max_["id"]]


def groups(ana: str, max_: str):
    group = scim("create", "group", "--display-name", "Staff", "--members", json.dumps([{"value": ana}]))
    expect(group, displayName="Staff")
    scim("modify", "group", group["id"], "add", "members", json.dumps([{"value": max_}]))
    scim("modify", "group", group["id"], "remove", f'members[value eq "{ana}"]')
    members = scim("query", "group", group["id"])["members"]
    assert [member["value"] for member in members] == [max_], members
    expect(scim("query", "group", "--filter", f'members.value eq "{max_}"'), totalResults=1)
    scim("delete", "group", group["id"])
    refused("query", "group", group["id"])


def bulk(ana: str, max_: str):
    operations = [{"method": "DELETE", "path": f"/Users/{id}"} for id in (ana, max_)]
    request = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}
    done = scim("bulk", stdin=json.dumps(request))
    assert [operation["status"] for operation in done["Operations"]] == ["204", "204"], done
    expect(scim("query", "user", "--filter", 'userName ew "@cli.example"'), totalResults=0)


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__)
        return 2
    os.environ["SCIM_CLI_URL"] = sys.argv[1].rstrip("/")
    os.environ["SCIM_CLI_HEADERS"] = f"Authorization: Bearer {sys.argv[2]}"
    ana, max_ = users()
    groups(ana, max_)
    bulk(ana, max_)
    print(json.dumps({"steps": STEPS}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
