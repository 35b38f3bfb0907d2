"""Who is owed a call back, of which calls, what was done about it, and the calls that were made."""

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
    op.add_column("call", sa.Column("kind", sa.String(), nullable=False, server_default="caller"))
    op.add_column("call", sa.Column("attempt", sa.String()))
    op.create_table(
        "callback_attempt",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("node", "promise_node", "promise_id")),
        sa.Column("number", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("id", "person", "queue")),
        sa.Column("file", sa.Text(), nullable=False),
        *(sa.Column(name, Instant(), nullable=False) for name in ("claimed_at", "until")),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("ended_at", Instant()),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("result", "call_id")),
        sa.PrimaryKeyConstraint("promise_node", "promise_id", "number", name="pk_callback_attempt"),
    )
    for name in ("id", "state", "claimed_at"):
        op.create_index(f"ix_callback_attempt_{name}", "callback_attempt", [name])
