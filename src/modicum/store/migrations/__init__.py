"""Migrations: run when a database is opened, all in one transaction."""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from modicum.errors import StorageError

HEAD = "0006"  # the newest file in versions/


def version(conn: Connection) -> str | None:
    """The version of the database's tables; none while it is empty."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def upgrade(engine: Engine) -> None:
    """Bring the tables to this version. Raises StorageError for a database of a newer one."""
    with engine.connect() as conn:
        if version(conn) == HEAD:
            return
    with engine.connect().execution_options(writer=True) as conn, conn.begin():
        found = version(conn)  # again: another process may have been faster
        if found is not None and found > HEAD:
            raise StorageError(
                f"the database {engine.url.database} was written by a newer modicum (its tables are version {found}, "
                f"this one knows {HEAD}): upgrade modicum, or choose another home with MODICUM_HOME=FOLDER"
            )
        run(conn, HEAD)


def run(conn: Connection, to: str) -> None:
    """Bring the tables to the version `to`, inside the connection's transaction."""
    from alembic import command  # slow to import, and rarely needed
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, to)
