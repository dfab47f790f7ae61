"""Licences of all crates, from the output of `cargo metadata`, against the list in deny.toml."""

import json
import re
import sys

with open("deny.toml") as file:
    allowed = set(re.findall(r'^    "(.+)",$', file.read(), re.MULTILINE))


def fits(expression):
    """Whether an SPDX expression can be met; `/` is an old spelling of OR."""
    words = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def one():
        word = words.pop(0)
        if word == "(":
            value = either()
            words.pop(0)
            return value
        if words and words[0] == "WITH":
            word = " ".join([word, words.pop(0), words.pop(0)])
        return word in allowed

    def both():
        value = one()
        while words and words[0] == "AND":
            words.pop(0)
            value = one() and value
        return value

    def either():
        value = both()
        while words and words[0] == "OR":
            words.pop(0)
            value = both() or value
        return value

    return either()


packages = json.load(sys.stdin)["packages"]
refused = [p for p in packages if not p["license"] or not fits(p["license"])]
for package in refused:
    print(f"{package['name']} {package['version']}: {package['license']} is not in deny.toml")
if refused:
    sys.exit(1)
print(f"licences of {len(packages)} packages: all allowed by deny.toml")
