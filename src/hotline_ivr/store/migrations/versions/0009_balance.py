"""What the nightly balance proofs have found."""

import sqlalchemy as sa
from alembic import op

from hotline_ivr.store.columns import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "balance_night",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("node", "day")),
        sa.Column("made_at", Instant(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("arrivals", "callbacks", "under_way", "differences")
        ),
        sa.Column("even", sa.Boolean(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("told_at", Instant()),
        sa.PrimaryKeyConstraint("node", "day", name="pk_balance_night"),
    )
