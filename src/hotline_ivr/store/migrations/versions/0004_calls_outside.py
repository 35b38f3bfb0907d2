"""What became of a call at a centre outside."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("centre", "outside_number"):
        op.add_column("call", sa.Column(name, sa.String()))
    for name in ("outside_ring_ms", "outside_talk_ms"):
        op.add_column("call", sa.Column(name, sa.BigInteger()))
    op.add_column("call", sa.Column("confirmation", sa.String()))
