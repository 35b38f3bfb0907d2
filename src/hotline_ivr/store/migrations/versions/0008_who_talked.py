"""At which telephone an operator took a call, and for how long each of several talked."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("leg", sa.Column("device", sa.String()))
    op.add_column("leg", sa.Column("talk_ms", sa.BigInteger()))
