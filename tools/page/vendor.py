"""The libraries of the lab's page: are the files in the repository the ones that were published?

    python tools/page/vendor.py             compare each file with VENDOR.json; needs no network
    python tools/page/vendor.py --refresh   fetch the packages with `npm pack` again, and write files and VENDOR.json

A browser knows no bare names such as "preact", and uPlot's small build is no module. So some files are shipped with one
text replaced or one line added; VENDOR.json says which, and has the sha256 of both: as published, and as shipped.
To take another version, change PACKAGES, refresh, and read what changed.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VENDOR = Path(__file__).resolve().parents[2] / "src" / "digitlab" / "lab" / "static" / "vendor"
SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+\s*$")  # there are no maps here


@dataclass(frozen=True)
class Taken:
    """One file of a package: where it is there, its name here, and what is changed."""

    source: str
    file: str
    replace: tuple[tuple[str, str], ...] = ()
    add: str = ""

    def shipped(self, content: bytes) -> bytes:
        """What is written, of what was published."""
        content = SOURCE_MAP.sub(b"\n", content)
        for old, new in self.replace:
            if content.count(old.encode()) != 1:
                raise SystemExit(f"{self.source}: {old!r} is not there exactly once; look at the new version")
            content = content.replace(old.encode(), new.encode())
        return content + self.add.encode()


PACKAGES: dict[tuple[str, str], tuple[Taken, ...]] = {
    ("preact", "11.2.0"): (
        Taken("dist/preact.mjs", "preact.js"),
        Taken("hooks/dist/hooks.mjs", "hooks.js", replace=(('from"preact"', 'from"./preact.js"'),)),
        Taken("LICENSE", "preact.LICENSE.txt"),
    ),
    ("htm", "3.1.1"): (Taken("dist/htm.mjs", "htm.js"), Taken("LICENSE", "htm.LICENSE.txt")),
    ("uplot", "1.6.32"): (
        Taken("dist/uPlot.iife.min.js", "uplot.js", add="\nexport default uPlot;\n"),
        Taken("dist/uPlot.min.css", "uplot.css"),
        Taken("LICENSE", "uplot.LICENSE.txt"),
    ),
}


def digest(content: bytes) -> str:
    """The SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def fetch(name: str, version: str, files: tuple[Taken, ...]) -> dict[str, Any]:
    """Take the files of one package; what VENDOR.json says of it."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", f"{name}@{version}", "--silent", "--pack-destination", folder]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (packed,) = Path(folder).glob("*.tgz")
        with tarfile.open(packed) as archive:

            def read(path: str) -> bytes:
                member = archive.extractfile(f"package/{path}")
                if member is None:
                    raise SystemExit(f"{name}: {path} is no file")
                return member.read()

            licence = json.loads(read("package.json"))["license"]
            entries = []
            for one in files:
                published = read(one.source)
                shipped = one.shipped(published)
                (VENDOR / one.file).write_bytes(shipped)
                changes = [f"{old} became {new}" for old, new in one.replace]
                changes += [f"added at the end: {one.add.strip()}"] if one.add else []
                changes += ["the comment that names a source map is left out"] if SOURCE_MAP.search(published) else []
                entry = {"file": one.file, "source": one.source, "sha256": digest(shipped)}
                entries.append(entry | {"sha256_published": digest(published), "changes": changes})
    return {"name": name, "version": version, "licence": licence, "files": entries}


def refresh() -> None:
    """Fetch everything, and write VENDOR.json."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    packages = [fetch(name, version, files) for (name, version), files in PACKAGES.items()]
    (VENDOR / "VENDOR.json").write_text(json.dumps({"packages": packages}, indent=2) + "\n", encoding="utf-8")


def check() -> list[str]:
    """What is wrong with the files that are here; nothing where all is well."""
    listed = json.loads((VENDOR / "VENDOR.json").read_text(encoding="utf-8"))["packages"]
    wanted = {one["file"]: one["sha256"] for package in listed for one in package["files"]}
    own = {"VENDOR.json", *(path.name for path in VENDOR.glob("*.d.ts"))}  # one line each, for the type check
    here = {path.name for path in VENDOR.iterdir()} - own
    wrong = [f"{name} is not listed in VENDOR.json" for name in sorted(here - set(wanted))]
    wrong += [f"{name} is missing" for name in sorted(set(wanted) - here)]
    same = sorted(here & set(wanted))
    return wrong + [f"{name} was changed" for name in same if digest((VENDOR / name).read_bytes()) != wanted[name]]


def main() -> int:
    """0 where all files are as listed."""
    if "--refresh" in sys.argv[1:]:
        refresh()
    wrong = check()
    sys.stdout.write("\n".join(wrong or ["the vendored files are as published, changes apart that VENDOR.json lists"]))
    sys.stdout.write("\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
