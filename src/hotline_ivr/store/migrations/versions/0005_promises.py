"""The promise ledger: who is owed a call back, of which calls, and what was done about it."""

import sqlalchemy as sa
from alembic import op

from hotline_ivr.store.columns import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "promise",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("node", "id", "person", "line", "queue")),
        *(sa.Column(name, Instant(), nullable=False) for name in ("opened_at", "last_at")),
        sa.Column("reasons", sa.String(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("calls", "tries")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("owner", "state")),
        sa.Column("closed_at", Instant()),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("node", "id", name="pk_promise"),
    )
    op.create_index("ix_promise_person", "promise", ["person"])
    op.create_index("ix_promise_state_opened_at", "promise", ["state", "opened_at"])
    op.create_table(
        "promise_call",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("node", "call_id", "person")),
        sa.Column("at", Instant(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("outcome", "line", "queue")),
        sa.PrimaryKeyConstraint("node", "call_id", name="pk_promise_call"),
    )
    op.create_index("ix_promise_call_person_at", "promise_call", ["person", "at"])
    op.create_table(
        "promise_act",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("node", "person")),
        sa.Column("at", Instant(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("kind", "by", "operator")),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", "at", name="pk_promise_act"),
    )
