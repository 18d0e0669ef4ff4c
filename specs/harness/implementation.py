"""Whose code runs behind `katas`: the learner's, the reference, or a submission.

Specs always import `katas.…`. One line below decides which folder answers.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .curriculum import ROOT


class ImplementationError(ValueError):
    """The chosen implementation can't be used."""


def folder_of(choice: str) -> Path:
    """The folder that `--impl` means: a name beside the specs, or a path to a submission.

    A submission may be given as the folder that holds `week1/…` or as its parent.

    Raises
    ------
    ImplementationError
        There is no such folder, or it holds no week.
    """
    folder = ROOT / choice if choice in {"katas", "reference"} else Path(choice).resolve()
    if (folder / "katas").is_dir():
        folder = folder / "katas"
    if not folder.is_dir():
        hint = "; the reference is not part of the learner's edition" if choice == "reference" else ""
        raise ImplementationError(f"--impl {choice}: there is no folder {folder}{hint}")
    if not any(folder.glob("week*")) and not (folder / "final").is_dir():
        raise ImplementationError(f"--impl {choice}: {folder} holds no week1 … week8")
    return folder


def choose(choice: str) -> Path:
    """Put the chosen folder behind `katas`, and forget what was loaded from another one."""
    folder = folder_of(choice)
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    import katas

    if list(katas.__path__) != [str(folder)]:
        for name in [name for name in sys.modules if name.startswith("katas.")]:
            del sys.modules[name]
        katas.__path__[:] = [str(folder)]
    return folder
