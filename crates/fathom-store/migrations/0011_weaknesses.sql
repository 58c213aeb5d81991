-- What files say of weaknesses in software: the newest report of a tool about a thing.

CREATE TABLE weakness_report (
    id          INTEGER PRIMARY KEY,
    format      TEXT    NOT NULL,
    tool        TEXT    NOT NULL,
    subject     TEXT    NOT NULL,       -- what it is about, and which of several reports about it, as one text
    about       TEXT    NOT NULL,       -- JSON: texts that may name a resource
    called      TEXT    NOT NULL,       -- what the file calls it, for people
    file        TEXT    NOT NULL,
    sha256      TEXT    NOT NULL,
    made_at     BIGINT,
    imported_at BIGINT  NOT NULL,
    imported_by TEXT    NOT NULL,
    is_look     BIGINT  NOT NULL,
    UNIQUE (format, tool, subject)
);
CREATE TABLE weakness_note (
    report BIGINT NOT NULL REFERENCES weakness_report (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    body   TEXT   NOT NULL,             -- JSON
    PRIMARY KEY (report, number)
) WITHOUT ROWID;

-- What is known of exploitation: lists that people load.
CREATE TABLE exploit_feed (
    feed        TEXT   PRIMARY KEY,
    version     TEXT   NOT NULL,
    released_at BIGINT,
    file        TEXT   NOT NULL,
    sha256      TEXT   NOT NULL,
    loaded_at   BIGINT NOT NULL,
    entries     BIGINT NOT NULL
);
CREATE TABLE exploit_row (
    feed TEXT NOT NULL,
    cve  TEXT NOT NULL,
    body TEXT NOT NULL,                 -- JSON
    PRIMARY KEY (cve, feed)
) WITHOUT ROWID;
