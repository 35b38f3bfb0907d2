"""Which import wrote an entry, so that it can be taken back; and by which key a second try finds one."""

import sqlalchemy as sa
from alembic import op

from hotline_ivr.store.columns import Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NODES = (
    "UPDATE register_import SET node = coalesce("
    "(SELECT min(e.node) FROM register_entry AS e WHERE e.id = register_import.entry_id), node)"
)

# One import was one transaction with one moment, so what is there tells which rows came together.
BEFORE = (
    (
        "INSERT INTO register_batch (id, node, file, imported_at, imported_by, added, updated, undone_by) "
        "SELECT node || '-' || CAST(imported_at AS TEXT), node, '', imported_at, '', count(*), 0, '' "
        "FROM register_import GROUP BY node, imported_at"
    ),
    (
        "UPDATE register_entry SET batch = (SELECT i.node || '-' || CAST(i.imported_at AS TEXT) "
        "FROM register_import AS i WHERE i.entry_id = register_entry.id) "
        "WHERE version = 1 AND erased_at IS NULL AND changed_via = 'import' "
        "AND id IN (SELECT entry_id FROM register_import)"
    ),
)


def upgrade() -> None:
    op.add_column("register_entry", sa.Column("batch", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "register_batch",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "node", "file")),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.Column("imported_by", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("added", "updated")),
        sa.Column("undone_at", Instant()),
        sa.Column("undone_by", sa.String(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_register_batch"),
    )
    op.create_table(
        "register_request",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("by", "key", "node", "entry_id")),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("noted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("by", "key", name="pk_register_request"),
    )
    op.create_index("ix_register_request_at", "register_request", ["at"])
    bind = op.get_bind()
    if "node" not in {each["name"] for each in sa.inspect(bind).get_columns("register_import")}:
        # Where the register came before its imports knew their node.
        op.add_column("register_import", sa.Column("node", sa.String(), nullable=False, server_default=""))
        bind.exec_driver_sql(NODES)
    for statement in BEFORE:
        bind.exec_driver_sql(statement)
