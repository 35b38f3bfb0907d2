"""The tables of the register.

`register_entry` holds every version of every entry and is the only table with what people said: who erases
there has erased it. Of the versions of an entry one is the `latest`; the others are its history.

`register_search` is an index of the words of the latest versions: a table of FTS5 on SQLite, a tsvector with
a GIN index on PostgreSQL. Triggers keep it in step (migration 0011), so whoever writes, it is right. It is no
part of the metadata, because nothing of it can be told in SQLAlchemy's words for both.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    column,
    table,
)

from hotline_ivr.store.columns import Instant
from hotline_ivr.store.tables import metadata

register_entry = Table(
    "register_entry",
    metadata,
    Column("id", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("latest", Boolean, nullable=False),
    # The entry's number in the index: made from its day and its id.
    Column("doc", BigInteger, nullable=False),
    # Where it was first written.
    Column("node", String, nullable=False),
    Column("call_id", String),
    Column("line", String, nullable=False),
    Column("way", String, nullable=False),
    Column("at", Instant, nullable=False),
    Column("number", String, nullable=False),
    Column("language", String, nullable=False),
    Column("operator", String, nullable=False),
    Column("topic", String, nullable=False),
    Column("topic_words", String, nullable=False),
    Column("question", Text, nullable=False),
    Column("answer", Text, nullable=False),
    # One a line, with a line break before the first and after the last.
    Column("tags", Text, nullable=False),
    Column("prepared", String, nullable=False),
    Column("variant", String, nullable=False),
    # NULL: not known, because it was given before it was kept.
    Column("prepared_text", Text, server_default=""),
    Column("outcome", String, nullable=False),
    Column("heard_of", String, nullable=False),
    # A day of the line's clock, as 2026-11-27; without it there is no follow-up.
    Column("follow_up_due", String),
    Column("follow_up_owner", String, nullable=False),
    Column("follow_up_note", Text, nullable=False),
    Column("follow_up_done_at", Instant),
    Column("follow_up_done_by", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", String, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String, nullable=False),
    Column("changed_via", String, nullable=False),
    Column("erased_at", Instant),
    # The import that wrote this version; empty for whatever a person wrote.
    Column("batch", String, nullable=False, server_default=""),
    # Words as they are searched by (routing/search_words.py).
    Column("question_words", Text, nullable=False),
    Column("tags_words", Text, nullable=False),
    Column("answer_words", Text, nullable=False),
    PrimaryKeyConstraint("id", "version"),
    # All that the order of a search needs, so that of the thousands that fit no row is read.
    Index(None, "doc", "latest", "at", "id", "version"),
    # Lists go by time, exports also by change.
    Index(None, "latest", "at", "id"),
    Index(None, "latest", "changed_at", "id"),
    Index(None, "call_id"),
    Index(None, "number"),
    Index(None, "follow_up_due"),
)

# Rows of spreadsheets that are entries now, each once. The key is a keyed hash (routing/sheet_keys.py).
register_import = Table(
    "register_import",
    metadata,
    # Whatever the node: a row that one has taken is not taken by another.
    Column("key", String, nullable=False),
    Column("node", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("imported_at", Instant, nullable=False),
    PrimaryKeyConstraint("key"),
)

# Imports of spreadsheets: what one has written can be taken back.
register_batch = Table(
    "register_batch",
    metadata,
    Column("id", String, nullable=False),
    Column("node", String, nullable=False),
    # Its name, without folders.
    Column("file", String, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("imported_by", String, nullable=False),
    Column("added", Integer, nullable=False),
    Column("updated", Integer, nullable=False),
    Column("undone_at", Instant),
    Column("undone_by", String, nullable=False, server_default=""),
    PrimaryKeyConstraint("id"),
)

# Entries that were written over the interface under a key of whoever asked, so that a second try finds them.
register_request = Table(
    "register_request",
    metadata,
    # By whom, as the token is called: one's keys are none of another's.
    Column("by", String, nullable=False),
    Column("key", String, nullable=False),
    # Which took it; a second try may come to another.
    Column("node", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("at", Instant, nullable=False),
    # Whether the trail has it.
    Column("noted", Boolean, nullable=False),
    PrimaryKeyConstraint("by", "key"),
    Index(None, "at"),
)

# PostgreSQL's; on SQLite the number is `rowid`.
register_search = table("register_search", column("doc"), column("rowid"), column("words"))

INDEX_TABLE = "register_search"
"""Tables whose names begin so are the index, and are not in the metadata."""
