"""What nightly purges have done, and up to when numbers are gone."""

import sqlalchemy as sa
from alembic import op

from hotline_ivr.store.columns import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "purge",
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=False),
        sa.Column("done_at", Instant()),
        sa.Column("report", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("node", "day", name="pk_purge"),
    )
