-- What was, beside what is. A scan writes only what it changed; everything else holds on.
--
-- `edge`, `explanation` and `unknown` hold what is said now, each row since the scan `from_scan`. What ended lies in
-- the table of the same name with `_history`, with the first scan (`to_scan`) in which it did not hold any more. The
-- views `edge_ever`, `explanation_ever` and `unknown_ever` show both; `to_scan` is null where a row holds now. So the
-- state as of scan N is: `from_scan <= N AND (to_scan IS NULL OR to_scan > N)`. Scans that overlap count in the order in
-- which they began. Explanations and the list from before this was kept have `from_scan` 0 and leave no history.

-- A listing: what a scan reads whole. Resources that are neither stale nor gone were seen whenever their place was, so
-- that a scan that finds nothing new writes one row a place instead of one a resource.
CREATE TABLE place (
    id        INTEGER PRIMARY KEY,
    account   TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    region    TEXT   NOT NULL,
    last_scan BIGINT NOT NULL,
    last_seen BIGINT NOT NULL,
    UNIQUE (account, kind, region)
);

ALTER TABLE resource DROP COLUMN moved;
ALTER TABLE resource ADD COLUMN place BIGINT;    -- seen with its place; null where `last_seen` is its own
ALTER TABLE resource ADD COLUMN facts BLOB;      -- hash over all that `staged` holds of it; null until a scan says it
ALTER TABLE resource ADD COLUMN observed TEXT;   -- what changes by itself, beside the document; only as of now
ALTER TABLE resource ADD COLUMN knowledge BLOB;  -- hash over edges, statements and gaps; null where there are none
UPDATE resource SET knowledge = x'';             -- of schema 1: to be compared in full
CREATE INDEX resource_stale ON resource (kind, account) WHERE stale = 1;
CREATE INDEX resource_own ON resource (account, kind, region) WHERE place IS NULL AND deleted_at IS NULL;

-- A row for each scan in which the document or another fact of a resource changed, it went, or it came back.
ALTER TABLE version RENAME TO version_1;
CREATE TABLE version (
    resource BIGINT NOT NULL REFERENCES resource (id),
    scan     BIGINT NOT NULL,
    hash     BLOB,                      -- null: gone in that scan
    seen_at  BIGINT NOT NULL,
    facts    TEXT,                      -- name, tags, created_at, provider_made, exposed as JSON; null where they are
                                        -- what `resource` holds, and before they were kept
    PRIMARY KEY (resource, scan)
) WITHOUT ROWID;
INSERT INTO version (resource, scan, hash, seen_at)
    SELECT resource, scan, hash, seen_at FROM version_1 ORDER BY resource, scan;
DROP TABLE version_1;
-- Those that went before this was kept: the scan is the one that ended at that moment.
UPDATE resource SET changed_scan = (SELECT MIN(s.id) FROM scan s WHERE s.finished_at = resource.deleted_at)
    WHERE EXISTS (SELECT 1 FROM scan s WHERE s.finished_at = resource.deleted_at AND s.id > resource.changed_scan);
INSERT INTO version (resource, scan, hash, seen_at)
    SELECT id, changed_scan, NULL, deleted_at FROM resource WHERE deleted_at IS NOT NULL
    ON CONFLICT (resource, scan) DO NOTHING;
CREATE INDEX version_hash ON version (hash);
CREATE INDEX version_scan ON version (scan);

ALTER TABLE edge RENAME TO edge_1;
CREATE TABLE edge (
    id        INTEGER PRIMARY KEY,
    from_id   BIGINT NOT NULL,          -- resource
    kind      TEXT   NOT NULL,
    to_id     BIGINT,                   -- resource, where the reference was resolved
    target    TEXT,                     -- the reference as the document has it, where it was not
    expected  TEXT,                     -- the type that an unresolved reference should have
    outside   INTEGER NOT NULL DEFAULT 0,   -- 1 where it names an account that was not looked into
    path      TEXT   NOT NULL DEFAULT '',   -- where the document states it
    from_scan BIGINT NOT NULL
);
INSERT INTO edge (id, from_id, kind, to_id, target, expected, from_scan)
    SELECT e.id, f.id, e.kind, t.id, CASE WHEN t.id IS NULL THEN e.target END, e.expected, f.changed_scan
    FROM edge_1 e JOIN resource f ON f.uid = e.from_uid
    LEFT JOIN resource t ON e.expected IS NULL AND t.uid = e.target ORDER BY e.id;
DROP TABLE edge_1;
CREATE INDEX edge_from ON edge (from_id);
CREATE INDEX edge_to ON edge (to_id) WHERE to_id IS NOT NULL;
CREATE TABLE edge_history (
    id        INTEGER PRIMARY KEY,
    from_id   BIGINT NOT NULL,
    kind      TEXT   NOT NULL,
    to_id     BIGINT,
    target    TEXT,
    expected  TEXT,
    outside   INTEGER NOT NULL,
    path      TEXT   NOT NULL,
    from_scan BIGINT NOT NULL,
    to_scan   BIGINT NOT NULL
);
CREATE INDEX edge_history_from ON edge_history (from_id);
CREATE INDEX edge_history_to ON edge_history (to_id) WHERE to_id IS NOT NULL;
CREATE VIEW edge_ever AS
    SELECT from_id, kind, to_id, target, expected, outside, path, from_scan, NULL AS to_scan FROM edge
    UNION ALL
    SELECT from_id, kind, to_id, target, expected, outside, path, from_scan, to_scan FROM edge_history;

-- All that is said about one resource: a JSON array sorted by part and trust. A statement without a time is as of the
-- last scan that saw the resource.
ALTER TABLE explanation RENAME TO explanation_1;
CREATE TABLE explanation (
    resource   INTEGER PRIMARY KEY,
    statements TEXT    NOT NULL,
    understood INTEGER NOT NULL,
    from_scan  BIGINT  NOT NULL
);
INSERT INTO explanation (resource, statements, understood, from_scan)
    SELECT r.id, COALESCE(e.statements, '[]'), r.understood, 0
    FROM resource r LEFT JOIN explanation_1 e ON e.uid = r.uid WHERE r.deleted_at IS NULL ORDER BY r.id;
DROP TABLE explanation_1;
CREATE TABLE explanation_history (
    id         INTEGER PRIMARY KEY,
    resource   BIGINT  NOT NULL,
    statements TEXT    NOT NULL,
    understood INTEGER NOT NULL,
    from_scan  BIGINT  NOT NULL,
    to_scan    BIGINT  NOT NULL
);
CREATE INDEX explanation_history_resource ON explanation_history (resource);
CREATE VIEW explanation_ever AS
    SELECT resource, statements, understood, from_scan, NULL AS to_scan FROM explanation
    UNION ALL SELECT resource, statements, understood, from_scan, to_scan FROM explanation_history;

-- The list. A rank is the number of rows that sort before a row; it is counted when somebody asks.
ALTER TABLE unknown RENAME TO unknown_1;
CREATE TABLE unknown (
    resource  INTEGER PRIMARY KEY,
    severity  BIGINT NOT NULL,          -- smaller is worse; of equal ones the first uid
    uid       TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    account   TEXT   NOT NULL,
    body      TEXT   NOT NULL,          -- JSON with `because` and `gaps`
    from_scan BIGINT NOT NULL
);
INSERT INTO unknown (resource, severity, uid, kind, account, body, from_scan)
    SELECT r.id, u.rank, u.uid, u.kind, u.account, u.body, 0
    FROM unknown_1 u JOIN resource r ON r.uid = u.uid ORDER BY r.id;
DROP TABLE unknown_1;
CREATE UNIQUE INDEX unknown_severity ON unknown (severity, uid);
CREATE TABLE unknown_history (
    id        INTEGER PRIMARY KEY,
    resource  BIGINT NOT NULL,
    severity  BIGINT NOT NULL,
    body      TEXT   NOT NULL,
    from_scan BIGINT NOT NULL,
    to_scan   BIGINT NOT NULL
);
CREATE INDEX unknown_history_resource ON unknown_history (resource);
CREATE VIEW unknown_ever AS
    SELECT resource, severity, body, from_scan, NULL AS to_scan FROM unknown
    UNION ALL SELECT resource, severity, body, from_scan, to_scan FROM unknown_history;

-- How much there was when a scan ended, of everything known then, not only of what that scan looked at.
CREATE TABLE scan_figure (
    scan       BIGINT NOT NULL REFERENCES scan (id),
    kind       TEXT   NOT NULL,
    account    TEXT   NOT NULL,
    total      BIGINT NOT NULL,
    understood BIGINT NOT NULL,
    stale      BIGINT NOT NULL,
    PRIMARY KEY (scan, kind, account)
) WITHOUT ROWID;
INSERT INTO scan_figure (scan, kind, account, total, understood, stale)
    SELECT s.id, r.kind, r.account, COUNT(*), SUM(r.understood), SUM(r.stale) FROM resource r,
        (SELECT id FROM scan WHERE state = 'finished' ORDER BY finished_at DESC, id DESC LIMIT 1) s
    WHERE r.deleted_at IS NULL GROUP BY s.id, r.kind, r.account;

-- Resources of scans that are under way; empty otherwise. Where the estate holds a resource with the same facts
-- already, the row has only the first columns.
DROP TABLE staged;
CREATE TABLE staged (
    id            INTEGER PRIMARY KEY,
    scan          BIGINT  NOT NULL REFERENCES scan (id),
    uid           TEXT    NOT NULL,
    hash          BLOB    NOT NULL,
    facts         BLOB    NOT NULL,
    kind          TEXT,
    account       TEXT,
    region        TEXT,
    native_id     TEXT,
    name          TEXT,
    tags          TEXT,                 -- JSON object, sorted keys
    created_at    BIGINT,
    provider_made INTEGER,
    exposed       INTEGER,
    observed      TEXT,                 -- of a short row: null where it is as before, empty where there is none any more
    UNIQUE (scan, uid)
);
CREATE INDEX staged_observed ON staged (scan) WHERE observed IS NOT NULL AND kind IS NULL;
CREATE INDEX staged_full ON staged (scan) WHERE kind IS NOT NULL;

-- What a scan that is about to end says differently from the tables above.
CREATE TABLE staged_knowledge (
    scan       BIGINT  NOT NULL,
    uid        TEXT    NOT NULL,
    hash       BLOB,                    -- becomes `resource.knowledge`
    understood INTEGER NOT NULL,
    statements TEXT,                    -- null: as before
    listed     INTEGER,                 -- 1 on the list, 0 not any more, null: as before
    severity   BIGINT,
    kind       TEXT,
    account    TEXT,
    body       TEXT,
    PRIMARY KEY (scan, uid)
) WITHOUT ROWID;
CREATE TABLE staged_edge (
    id       INTEGER PRIMARY KEY,
    scan     BIGINT NOT NULL,
    from_uid TEXT   NOT NULL,
    kind     TEXT   NOT NULL,
    target   TEXT   NOT NULL,           -- a uid, or the reference as the document has it
    expected TEXT,
    outside  INTEGER NOT NULL,
    path     TEXT   NOT NULL
);
CREATE TABLE staged_edge_end (          -- edges that do not hold any more
    scan BIGINT NOT NULL,
    edge BIGINT NOT NULL,
    PRIMARY KEY (scan, edge)
) WITHOUT ROWID;
