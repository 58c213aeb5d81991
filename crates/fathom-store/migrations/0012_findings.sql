-- Findings: what checks found of resources from the first time on. What became of each is in its row, and in its events.

CREATE TABLE finding (
    id         TEXT    PRIMARY KEY,     -- made of the check and the resource
    check_id   TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    severity   TEXT    NOT NULL,
    uid        TEXT    NOT NULL,        -- the resource, also one that is gone
    kind       TEXT    NOT NULL,
    name       TEXT,
    account    TEXT    NOT NULL,
    region     TEXT    NOT NULL,
    owner      TEXT,
    class      TEXT,                    -- of its data, where somebody said
    keeps_data INTEGER NOT NULL,
    state      TEXT    NOT NULL,        -- open, reopened, fixed
    confirmed  INTEGER NOT NULL,        -- 0 where the last run could not say
    first_seen BIGINT  NOT NULL,
    last_seen  BIGINT  NOT NULL,
    since      BIGINT  NOT NULL,        -- when this state began
    fixed_by   TEXT,                    -- passes, not_applicable, gone
    reopened   BIGINT  NOT NULL
) WITHOUT ROWID;
CREATE INDEX finding_uid ON finding (uid);

CREATE TABLE finding_proof (
    finding TEXT PRIMARY KEY REFERENCES finding (id),
    body    TEXT NOT NULL               -- JSON: the values that decided, proofs, what could not be read
) WITHOUT ROWID;

CREATE TABLE finding_event (
    id      INTEGER PRIMARY KEY,
    finding TEXT    NOT NULL REFERENCES finding (id),
    at      BIGINT  NOT NULL,
    what    TEXT    NOT NULL,           -- opened, reopened, fixed, unconfirmed, confirmed
    why     TEXT,                       -- of what is fixed
    scan    BIGINT  NOT NULL
);
CREATE INDEX finding_event_finding ON finding_event (finding);

-- Runs of checks whose answers were kept.
CREATE TABLE finding_run (
    id        INTEGER PRIMARY KEY,
    at        BIGINT  NOT NULL,
    scan      BIGINT  NOT NULL,         -- the scan that had ended last
    run_by    TEXT    NOT NULL,
    checks    BIGINT  NOT NULL,
    resources BIGINT  NOT NULL,
    whole     INTEGER NOT NULL          -- 1 where all checks were asked of all resources
);

-- What somebody accepted until a date: one finding, or all that fit every pattern that is not null.
CREATE TABLE finding_exception (
    id          INTEGER PRIMARY KEY,
    finding     TEXT,
    check_like  TEXT,
    kind        TEXT,
    account     TEXT,
    tag         TEXT,
    owner       TEXT,
    reason      TEXT    NOT NULL,
    approver    TEXT    NOT NULL,
    accepted_by TEXT    NOT NULL,
    accepted_at BIGINT  NOT NULL,
    until       BIGINT  NOT NULL,
    ended_at    BIGINT,                 -- when it was withdrawn or replaced
    ended_by    TEXT,
    ended_why   TEXT
);
CREATE INDEX finding_exception_until ON finding_exception (until);
