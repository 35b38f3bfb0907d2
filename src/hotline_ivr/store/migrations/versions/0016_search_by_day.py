"""Numbers in the index of the register go by the day, so that the newest entries are found first."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# As store/register_rows.py makes them: the day since 1970 above 47 bits that were there.
SQLITE = (
    "DELETE FROM register_search",
    (
        "UPDATE register_entry SET doc = "
        "(min(max(at / 86400000000, 0), 65535) << 47) | (doc & 140737488355327)"
    ),
)
POSTGRES = (
    (
        "UPDATE register_entry SET doc = "
        "(least(greatest(at / 86400000000, 0), 65535)::bigint << 47) | (doc & 140737488355327)"
    ),
)


def upgrade() -> None:
    # Triggers of the table write the index anew.
    bind = op.get_bind()
    for statement in POSTGRES if bind.dialect.name == "postgresql" else SQLITE:
        bind.exec_driver_sql(statement)
