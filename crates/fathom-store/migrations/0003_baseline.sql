-- Approved states of the estate. A baseline is a scan and what was accepted since: the resources themselves are in
-- `version`, as of that scan.
CREATE TABLE baseline (
    id          INTEGER PRIMARY KEY,
    name        TEXT   NOT NULL,
    scan        BIGINT NOT NULL REFERENCES scan (id),
    reason      TEXT   NOT NULL,
    approved_by TEXT   NOT NULL,
    approved_at BIGINT NOT NULL,
    resources   BIGINT NOT NULL,
    digest      TEXT   NOT NULL,        -- SHA-256 over the lines `<hash>  <uid>`, sorted by uid, in hexadecimal digits
    ended_at    BIGINT                  -- when another of the same name was approved
);
CREATE UNIQUE INDEX baseline_name ON baseline (name) WHERE ended_at IS NULL;

-- Differences to a baseline that somebody explained.
CREATE TABLE baseline_exception (
    id          INTEGER PRIMARY KEY,
    baseline    BIGINT NOT NULL REFERENCES baseline (id),
    uid         TEXT   NOT NULL,
    state       TEXT   NOT NULL,        -- hash of the document that is accepted, or `gone`
    reason      TEXT   NOT NULL,
    accepted_by TEXT   NOT NULL,
    accepted_at BIGINT NOT NULL,
    until       BIGINT,                 -- null: for as long as the baseline
    ended_at    BIGINT                  -- when it was replaced
);
CREATE INDEX baseline_exception_uid ON baseline_exception (baseline, uid);
