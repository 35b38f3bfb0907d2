"""What was asked and answered, and the index by which it is searched."""

import sqlalchemy as sa
from alembic import op

from hotline_ivr.store.columns import Instant

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SQLITE = (
    # Words are made by us and hold letters and digits only; beginnings of two and three letters are kept.
    (
        "CREATE VIRTUAL TABLE register_search USING fts5("
        "question, tags, answer, tokenize = \"unicode61 remove_diacritics 0\", prefix = '2 3')"
    ),
    (
        "CREATE TRIGGER register_entry_added AFTER INSERT ON register_entry WHEN new.latest BEGIN "
        "INSERT INTO register_search (rowid, question, tags, answer) "
        "VALUES (new.doc, new.question_words, new.tags_words, new.answer_words); END"
    ),
    (
        "CREATE TRIGGER register_entry_removed AFTER DELETE ON register_entry WHEN old.latest BEGIN "
        "DELETE FROM register_search WHERE rowid = old.doc; END"
    ),
    (
        "CREATE TRIGGER register_entry_dated AFTER UPDATE ON register_entry "
        "WHEN old.latest AND NOT new.latest BEGIN "
        "DELETE FROM register_search WHERE rowid = old.doc; END"
    ),
    (
        "CREATE TRIGGER register_entry_changed AFTER UPDATE ON register_entry WHEN new.latest BEGIN "
        "DELETE FROM register_search WHERE rowid = new.doc; "
        "INSERT INTO register_search (rowid, question, tags, answer) "
        "VALUES (new.doc, new.question_words, new.tags_words, new.answer_words); END"
    ),
)

POSTGRES = (
    "CREATE TABLE register_search (doc BIGINT NOT NULL PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX register_search_words ON register_search USING gin (words)",
    # Not to_tsvector: its parser has thoughts of its own about what a word is.
    (
        "CREATE FUNCTION register_weighted(words TEXT, weight TEXT) RETURNS tsvector "
        "LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(string_agg("
        "quote_literal(word) || chr(58) || least(place, 16383) || weight, ' '), '')"
        "::tsvector FROM unnest(string_to_array(words, ' ')) WITH ORDINALITY AS given(word, place) "
        "WHERE word <> '' $$"
    ),
    (
        "CREATE FUNCTION register_indexed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP <> 'INSERT' AND OLD.latest THEN DELETE FROM register_search WHERE doc = OLD.doc; END IF; "
        "IF TG_OP <> 'DELETE' AND NEW.latest THEN INSERT INTO register_search (doc, words) VALUES (NEW.doc, "
        "register_weighted(NEW.question_words, 'A') || register_weighted(NEW.tags_words, 'B') "
        "|| register_weighted(NEW.answer_words, 'C')); END IF; RETURN NULL; END $$"
    ),
    (
        "CREATE TRIGGER register_entry_indexed AFTER INSERT OR UPDATE OR DELETE ON register_entry "
        "FOR EACH ROW EXECUTE FUNCTION register_indexed()"
    ),
)


def upgrade() -> None:
    op.create_table(
        "register_entry",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("doc", sa.BigInteger(), nullable=False),
        sa.Column("node", sa.String(), nullable=False),
        sa.Column("call_id", sa.String()),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("line", "way")),
        sa.Column("at", Instant(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("number", "language", "operator", "topic", "topic_words")
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("question", "answer", "tags")),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("prepared", "variant", "outcome", "heard_of")
        ),
        sa.Column("follow_up_due", sa.String()),
        sa.Column("follow_up_owner", sa.String(), nullable=False),
        sa.Column("follow_up_note", sa.Text(), nullable=False),
        sa.Column("follow_up_done_at", Instant()),
        sa.Column("follow_up_done_by", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("changed_by", "changed_via")),
        sa.Column("erased_at", Instant()),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("question_words", "tags_words", "answer_words")
        ),
        sa.PrimaryKeyConstraint("id", "version", name="pk_register_entry"),
    )
    for names in (
        ["doc", "latest", "at", "id", "version"],
        ["latest", "at", "id"],
        ["latest", "changed_at", "id"],
        ["call_id"],
        ["number"],
        ["follow_up_due"],
    ):
        op.create_index(f"ix_register_entry_{'_'.join(names)}", "register_entry", names)
    op.create_table(
        "register_import",
        *(sa.Column(name, sa.String(), nullable=False) for name in ("key", "node", "entry_id")),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_register_import"),
    )
    bind = op.get_bind()
    for statement in POSTGRES if bind.dialect.name == "postgresql" else SQLITE:
        bind.exec_driver_sql(statement)
