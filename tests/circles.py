#!/usr/bin/env python3
"""Prints the circles of object files that call each other round, from the symbols that nm lists. Exit status 1 if any.

usage: circles.py [BUILD_FOLDER]
"""
import collections
import os
import subprocess
import sys

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOMS = ("base", "engine", "history", "ui", "remote", "serve", "app")


def objects(top):
    for room in ROOMS:
        for folder, _, files in os.walk(os.path.join(top, room)):
            for name in files:
                path = os.path.join(folder, name)
                if name.endswith(".o") and os.path.exists(os.path.join(SOURCE, short(path, top) + ".c")):
                    yield path  # else it is left from a file that was renamed or removed


def short(path, top):
    folder, name = os.path.split(os.path.relpath(path, top))
    return os.path.join(folder, name.rsplit("_a-", 1)[-1][:-2])


def read(top):
    """The file that defines each global symbol, and the symbols that each file needs."""
    home, needs = {}, collections.defaultdict(dict)
    paths = list(objects(top))
    if not paths:
        sys.exit(f"{top}: no object files; build first")
    listed = subprocess.run(["nm", "-A", "-P", "-g", *paths], check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        path, symbol = line.rsplit(": ", 1)
        file, (name, kind) = short(path, top), symbol.split()[:2]
        if kind == "U":
            needs[file][name] = True
        else:
            home[name] = file
    arrows = collections.defaultdict(lambda: collections.defaultdict(list))
    for file, names in needs.items():
        for name in names:
            if name in home and home[name] != file:
                arrows[file][home[name]].append(name)
    return arrows


def circles(arrows):
    """Strongly connected components of more than one file (Tarjan 1972)."""
    number, low, on, stack, found = {}, {}, set(), [], []
    sys.setrecursionlimit(10000)

    def visit(v):
        number[v] = low[v] = len(number)
        stack.append(v)
        on.add(v)
        for w in arrows.get(v, ()):
            if w not in number:
                visit(w)
                low[v] = min(low[v], low[w])
            elif w in on:
                low[v] = min(low[v], number[w])
        if low[v] == number[v]:
            part = []
            while True:
                w = stack.pop()
                on.discard(w)
                part.append(w)
                if w == v:
                    break
            if len(part) > 1:
                found.append(sorted(part))

    for v in list(arrows):
        if v not in number:
            visit(v)
    return found


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else "."
    arrows = read(top)
    found = circles(arrows)
    for part in sorted(found):
        print(f"circle of {len(part)}:")
        for file in part:
            for there in sorted(set(arrows[file]) & set(part)):
                print(f"  {file} -> {there}: {', '.join(sorted(arrows[file][there]))}")
    print(f"{len(found)} circles")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
