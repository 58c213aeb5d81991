-- Which operations each identity called, on what, and from when to when: what its permissions were used for.

CREATE TABLE trail_used (
    principal TEXT   NOT NULL,
    source    TEXT   NOT NULL,          -- the service as events name it
    name      TEXT   NOT NULL,          -- the operation as events name it
    resources TEXT   NOT NULL,          -- the ARNs of one event with spaces between; empty where it names none, or too many
    account   TEXT   NOT NULL,
    region    TEXT   NOT NULL,
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    event     TEXT   NOT NULL,          -- the newest
    PRIMARY KEY (principal, source, name, resources, account, region)
);
CREATE INDEX trail_used_last ON trail_used (last_at);

-- From when to when the log of a place was read for that; from when to when it held calls that only read.
CREATE TABLE trail_used_span (
    account     TEXT   NOT NULL,
    region      TEXT   NOT NULL,
    first_at    BIGINT NOT NULL,
    last_at     BIGINT NOT NULL,
    reads_first BIGINT,
    reads_last  BIGINT,
    PRIMARY KEY (account, region)
);
