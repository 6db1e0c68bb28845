"""Alembic's entry: migrates over the connection it was given, inside that connection's transaction."""

from alembic import context

from modicum.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
