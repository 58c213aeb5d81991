-- The estate as the last scans left it, its history, and the sealed log. Times are microseconds since 1970 (UTC).

CREATE TABLE scan (
    id               INTEGER PRIMARY KEY,
    started_at       BIGINT NOT NULL,
    finished_at      BIGINT,
    state            TEXT   NOT NULL,
    scope            TEXT   NOT NULL,
    accounts         TEXT   NOT NULL,   -- JSON array of text
    regions          TEXT   NOT NULL,   -- JSON array of text
    resources        BIGINT NOT NULL DEFAULT 0,
    understood       BIGINT NOT NULL DEFAULT 0,
    calls            BIGINT NOT NULL DEFAULT 0,
    coverage_unknown BIGINT NOT NULL DEFAULT 0,
    duplicates       BIGINT NOT NULL DEFAULT 0,
    error            TEXT
);

-- What providers said, once for each distinct content.
CREATE TABLE document (
    id    INTEGER PRIMARY KEY,
    hash  BLOB    NOT NULL UNIQUE,      -- SHA-256 of the plain text
    codec INTEGER NOT NULL,             -- 0 plain, 1 zstd
    size  BIGINT  NOT NULL,             -- bytes of the plain text
    body  BLOB    NOT NULL
);

-- Resources of scans that are under way; empty otherwise.
CREATE TABLE staged (
    id            INTEGER PRIMARY KEY,
    scan          BIGINT  NOT NULL REFERENCES scan (id),
    uid           TEXT    NOT NULL,
    kind          TEXT    NOT NULL,
    account       TEXT    NOT NULL,
    region        TEXT    NOT NULL,
    native_id     TEXT    NOT NULL,
    name          TEXT,
    tags          TEXT    NOT NULL,     -- JSON object, sorted keys
    created_at    BIGINT,
    provider_made INTEGER NOT NULL,
    exposed       INTEGER NOT NULL,
    hash          BLOB    NOT NULL,
    UNIQUE (scan, uid)
);

CREATE TABLE resource (
    id            INTEGER PRIMARY KEY,  -- in the order of first sight
    uid           TEXT    NOT NULL UNIQUE,
    kind          TEXT    NOT NULL,
    account       TEXT    NOT NULL,
    region        TEXT    NOT NULL,
    native_id     TEXT    NOT NULL,
    name          TEXT,
    tags          TEXT    NOT NULL,
    created_at    BIGINT,
    provider_made INTEGER NOT NULL,
    exposed       INTEGER NOT NULL,
    hash          BLOB    NOT NULL,     -- document of its newest version
    first_seen    BIGINT  NOT NULL,
    last_seen     BIGINT  NOT NULL,
    first_scan    BIGINT  NOT NULL,
    last_scan     BIGINT  NOT NULL,
    changed_scan  BIGINT  NOT NULL,     -- the scan that brought its newest version
    stale         INTEGER NOT NULL,     -- 1 where the last scan in scope could not say whether it still exists
    understood    INTEGER NOT NULL,
    moved         INTEGER NOT NULL DEFAULT 0, -- 1 only within the transaction that ends a scan
    deleted_at    BIGINT
);
CREATE INDEX resource_facets ON resource (deleted_at, kind, account, region, understood);
CREATE INDEX resource_kind ON resource (kind);
CREATE INDEX resource_native_id ON resource (native_id);
CREATE INDEX resource_name ON resource (name);

CREATE TABLE version (
    resource BIGINT NOT NULL REFERENCES resource (id),
    scan     BIGINT NOT NULL,
    hash     BLOB   NOT NULL,
    seen_at  BIGINT NOT NULL,
    PRIMARY KEY (resource, scan)
);
CREATE INDEX version_hash ON version (hash);

CREATE TABLE edge (
    id       INTEGER PRIMARY KEY,
    from_uid TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    target   TEXT    NOT NULL,          -- a uid, or the reference as the document has it
    expected TEXT                       -- the type that an unresolved reference should have; null where it is known
);
CREATE INDEX edge_from ON edge (from_uid);
CREATE INDEX edge_target ON edge (target);

-- All statements on one resource, as a JSON array sorted by part and trust.
CREATE TABLE explanation (
    id         INTEGER PRIMARY KEY,
    uid        TEXT NOT NULL UNIQUE,
    statements TEXT NOT NULL
);

CREATE TABLE unknown (
    uid     TEXT   PRIMARY KEY,
    kind    TEXT   NOT NULL,
    account TEXT   NOT NULL,
    region  TEXT   NOT NULL,
    rank    BIGINT NOT NULL,
    body    TEXT   NOT NULL             -- the whole row as JSON
);
CREATE INDEX unknown_rank ON unknown (rank, uid);

CREATE TABLE coverage (
    id         INTEGER PRIMARY KEY,
    scan       BIGINT NOT NULL REFERENCES scan (id),
    account    TEXT   NOT NULL,
    region     TEXT   NOT NULL,
    service    TEXT   NOT NULL,
    operation  TEXT   NOT NULL,
    kind       TEXT,
    outcome    TEXT   NOT NULL,
    reason     TEXT,
    permission TEXT,
    detail     TEXT,
    calls      BIGINT NOT NULL,
    items      BIGINT NOT NULL,
    throttles  BIGINT NOT NULL,
    failures   BIGINT NOT NULL,
    millis     BIGINT NOT NULL
);
CREATE INDEX coverage_place ON coverage (account, region, service, operation);

CREATE TABLE acceptance (
    id          INTEGER PRIMARY KEY,
    uid         TEXT   NOT NULL,
    part        TEXT   NOT NULL,
    reason      TEXT   NOT NULL,
    accepted_by TEXT   NOT NULL,
    accepted_at BIGINT NOT NULL,
    until       BIGINT NOT NULL,
    ended_at    BIGINT,                 -- when it was revoked or replaced
    ended_by    TEXT,
    ended_why   TEXT
);
CREATE INDEX acceptance_uid ON acceptance (uid, part);

CREATE TABLE ledger_entry (
    idx  INTEGER PRIMARY KEY,           -- from 0, without holes
    hash BLOB    NOT NULL,              -- RFC 6962 leaf hash
    body BLOB    NOT NULL
);

-- Roots of complete subtrees of 256^n entries, which the tiles above the lowest level hold.
CREATE TABLE ledger_node (
    level INTEGER NOT NULL,             -- binary level: 8, 16, …
    idx   BIGINT  NOT NULL,
    hash  BLOB    NOT NULL,
    PRIMARY KEY (level, idx)
);

-- One row: where the log ends.
CREATE TABLE ledger_state (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    size       BIGINT NOT NULL,
    frontier   BLOB   NOT NULL,         -- size, then the roots of the complete subtrees, largest first
    checkpoint TEXT   NOT NULL          -- the signed note
);
