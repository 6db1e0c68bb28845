"""`python -m modicum`."""

from modicum.cli import main

main()
