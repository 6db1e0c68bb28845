"""What the pages show of a project, put together from counted facts."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass
