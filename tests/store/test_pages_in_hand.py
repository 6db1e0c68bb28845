"""What waits to be validated keeps counting while somebody looks at it."""

from pathlib import Path

from modicum import rounds, validate
from modicum.home import Home
from modicum.store.db import Database
from store.store_parts import make_project, truth


def test_leasing_a_page_changes_no_count(tmp_path: Path) -> None:
    home = Home(tmp_path)
    db = Database(home.database_url)
    try:
        project = make_project(db, home, 60, given={row: truth(row, 3) for row in range(12)})
        rounds.run_round(db, home, project)
        before = validate.view(db, project.id)
        page = validate.claim_page(db, project.id, "ann", "tab-ann-1", 0, 0.0, 20)
        assert page.tasks
        assert validate.view(db, project.id).classes == before.classes
    finally:
        db.close()
