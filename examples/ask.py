"""Sends one GraphQL query, read from standard input, to a server and prints the answer.

The query may end in a line ``VARIABLES {…}`` with the variables as JSON.
"""

import json
import pprint
import sys
import urllib.request


def main() -> None:
    """Ask the server named on the command line."""
    query, _, variables = sys.stdin.read().partition("VARIABLES ")
    body = json.dumps({"query": query, "variables": json.loads(variables or "{}")}).encode()
    address = f"{sys.argv[1].rstrip('/')}/graphql"
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        pprint.pp(json.load(answer), width=110)


if __name__ == "__main__":
    main()
