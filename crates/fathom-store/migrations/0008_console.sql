-- What people who look at the estate together need: who takes care of what, what they look at often, and entries of the
-- ledger by what they are about.

-- Who takes care of a resource that is not understood. None is ever deleted; it ends.
CREATE TABLE assignment (
    id          INTEGER PRIMARY KEY,
    uid         TEXT   NOT NULL,
    assignee    TEXT   NOT NULL,
    kind        TEXT   NOT NULL,        -- `person` or `team`
    note        TEXT   NOT NULL,
    assigned_by TEXT   NOT NULL,
    assigned_at BIGINT NOT NULL,
    until       BIGINT,                 -- null: until somebody ends it
    ended_at    BIGINT,                 -- when it was ended or replaced
    ended_by    TEXT,
    ended_why   TEXT
);
CREATE INDEX assignment_uid ON assignment (uid) WHERE ended_at IS NULL;

-- Views and questions that a person keeps. Preferences: they change nothing that is known, so the ledger has none of it.
CREATE TABLE saved_view (
    id         INTEGER PRIMARY KEY,
    person     TEXT   NOT NULL,
    page       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,         -- `view` or `sql`
    name       TEXT   NOT NULL,
    query      TEXT   NOT NULL,
    updated_at BIGINT NOT NULL,
    UNIQUE (person, page, kind, name)
);

CREATE INDEX ledger_entry_kind ON ledger_entry (json_extract(CAST(body AS TEXT), '$.kind'), idx);
CREATE INDEX ledger_entry_actor ON ledger_entry (json_extract(CAST(body AS TEXT), '$.actor'), idx);
CREATE INDEX ledger_entry_subject ON ledger_entry (json_extract(CAST(body AS TEXT), '$.subject'), idx);
