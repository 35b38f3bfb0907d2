"""By which version of the fold a call's row was made; 0 is before versions were counted."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("call", sa.Column("fold_version", sa.Integer(), nullable=False, server_default="0"))
