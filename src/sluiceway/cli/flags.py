"""What every command shares: the project, and whether a script reads the answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Common:
    """Flags that every command takes."""

    project: Annotated[Path, Parameter(help="The project's folder.")] = Path()
    json: Annotated[bool, Parameter(help="Print JSON for scripts.", negative=())] = False


HERE = Common()
