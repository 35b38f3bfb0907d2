"""How long web hooks wait after a call for what Asterisk writes of it late."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("webhook", sa.Column("settle_s", sa.Integer(), nullable=False, server_default="0"))
