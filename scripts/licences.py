"""Writes the licences of every crate that is linked into the program, with their texts.

Reads `cargo metadata` and the sources that cargo has fetched. Crates for building and tests are left
out. Usage: licences.py > LICENCES.txt
"""

import json
import pathlib
import subprocess
import sys

NAMES = ("licen", "copying", "notice", "unlicense", "copyright")


def metadata():
    host = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    host = next(line.split()[1] for line in host.splitlines() if line.startswith("host:"))
    command = ["cargo", "metadata", "--locked", "--format-version=1", "--filter-platform", host]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def linked(found):
    """The packages that the program's own code uses, and theirs."""
    nodes = {node["id"]: node for node in found["resolve"]["nodes"]}
    packages = {package["id"]: package for package in found["packages"]}
    waiting = [id for id in nodes if packages[id]["name"] == "network-monitor"]
    seen = set()
    while waiting:
        id = waiting.pop()
        if id not in seen:
            seen.add(id)
            waiting += [
                use["pkg"]
                for use in nodes[id]["deps"]
                if any(kind["kind"] is None for kind in use["dep_kinds"])
            ]
    return sorted((packages[id] for id in seen), key=lambda package: package["name"])


def texts(folder):
    """The licence files of a crate, those of sources of others in it too."""
    for path in sorted([*folder.glob("*"), *folder.glob("*/*")]):
        if path.is_file() and path.name.lower().startswith(NAMES) and path.suffix not in (".rs", ".html"):
            yield path.name, path.read_text(errors="replace").strip()


def main():
    numbers = {}
    without = []
    for package in linked(metadata()):
        if package["source"] is None:
            continue
        files = list(texts(pathlib.Path(package["manifest_path"]).parent))
        print(f"{package['name']} {package['version']}: {package['license']}")
        if package["repository"]:
            print(f"  {package['repository']}")
        for name, text in files:
            # The same words, wrapped otherwise, are the same text.
            number, _ = numbers.setdefault(" ".join(text.split()), (len(numbers) + 1, text))
            print(f"  {name}: text {number}")
        if not files:
            without.append(package["name"])
    for number, text in numbers.values():
        print(f"\n{'=' * 78}\nText {number}\n\n{text}")
    if without:
        print("crates that ship no licence text:", ", ".join(without), file=sys.stderr)


main()
