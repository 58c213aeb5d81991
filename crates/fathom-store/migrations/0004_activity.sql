-- Who made and changed what, as the provider's log of calls tells it. No parameters of calls: they may hold secrets.

CREATE TABLE activity (
    id        INTEGER PRIMARY KEY,
    account   TEXT   NOT NULL,
    region    TEXT   NOT NULL,
    kind      TEXT   NOT NULL,          -- empty where only an id or ARN is known
    reference TEXT   NOT NULL,          -- the resource as the event names it
    action    TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    event     TEXT   NOT NULL,
    operation TEXT   NOT NULL,
    actor     TEXT   NOT NULL,          -- JSON object
    source    TEXT   NOT NULL,          -- where the event was read
    UNIQUE (reference, account, region, kind, action, at, event)
);
CREATE INDEX activity_action ON activity (action);

-- Who took which role: temporary access keys, by their ids. More than one event where two accounts log it.
CREATE TABLE trail_session (
    access_key TEXT   NOT NULL,
    event      TEXT   NOT NULL,
    session_id TEXT,
    at         BIGINT NOT NULL,
    caller     TEXT   NOT NULL,         -- JSON object
    PRIMARY KEY (access_key, event)
);
CREATE INDEX trail_session_id ON trail_session (session_id);
CREATE INDEX trail_session_at ON trail_session (at, event);

-- From when to when the log of a place was read.
CREATE TABLE trail_span (
    account  TEXT   NOT NULL,
    region   TEXT   NOT NULL,
    first_at BIGINT NOT NULL,
    last_at  BIGINT NOT NULL,
    PRIMARY KEY (account, region)
);

-- Objects that were read from a bucket, so that only new ones are read again.
CREATE TABLE trail_object (
    bucket  TEXT   NOT NULL,
    object  TEXT   NOT NULL,
    read_at BIGINT NOT NULL,
    PRIMARY KEY (bucket, object)
);
