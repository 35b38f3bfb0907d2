"""What a prepared answer said when it was given, beside its id."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("register_entry", sa.Column("prepared_text", sa.Text(), server_default=""))
    # What these said stood in the configuration of then, which is not here: NULL tells that it is not known.
    bind = op.get_bind()
    bind.exec_driver_sql(
        "UPDATE register_entry SET prepared_text = NULL WHERE prepared <> '' AND erased_at IS NULL"
    )
