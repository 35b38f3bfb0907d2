"""Where who was promised a call wants to be rung, and since when they have waited."""

import sqlalchemy as sa
from alembic import op

from hotline_ivr.store.columns import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("promise", "promise_call"):
        op.add_column(table, sa.Column("number", sa.String(), nullable=False, server_default=""))
        op.add_column(table, sa.Column("place_at", Instant()))
    op.create_index("ix_promise_call_number", "promise_call", ["number"])
