"""Alembic's entry: runs the migrations on the connection that store/migrate.py hands over."""

from alembic import context

from hotline_ivr.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter most of a table; Alembic makes a new one and copies.
    render_as_batch=True,
)
context.run_migrations()
