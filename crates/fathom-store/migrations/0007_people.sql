-- Who may enter: people, how they sign in, their sessions, and tokens for programs.
--
-- Of what opens something only hashes are here, but for the keys of one-time codes: those have to be read to be checked.

CREATE TABLE person (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,   -- the ledger names it: never given twice
    name           TEXT   NOT NULL,
    name_key       TEXT   NOT NULL UNIQUE,  -- the name in small letters
    role           TEXT   NOT NULL,
    accounts       TEXT,                    -- JSON array; null: all
    teams          TEXT,                    -- JSON array; null: all
    issuer         TEXT,                    -- of OpenID Connect; null where Fathom itself knows the person
    subject        TEXT,
    handle         BLOB   NOT NULL UNIQUE,  -- what a passkey knows the person by
    password       TEXT,                    -- argon2id in the PHC form
    totp           BLOB,                    -- key of one-time codes
    totp_step      BIGINT,                  -- the newest step of which a code was used
    invitation     BLOB,                    -- SHA-256 of an invitation that is open
    invited_until  BIGINT,
    attempts       TEXT,                    -- failures and locks, JSON; null where there are none
    created_at     BIGINT NOT NULL,
    created_by     TEXT   NOT NULL,
    disabled_at    BIGINT,
    last_signin_at BIGINT,
    UNIQUE (issuer, subject)
);
CREATE UNIQUE INDEX person_invitation ON person (invitation) WHERE invitation IS NOT NULL;

CREATE TABLE passkey (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    person     BIGINT NOT NULL REFERENCES person (id),
    credential BLOB   NOT NULL UNIQUE,      -- the id that the authenticator gave it
    data       BLOB   NOT NULL,             -- public key and counter
    name       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT
);
CREATE INDEX passkey_person ON passkey (person);

CREATE TABLE recovery_code (
    person  BIGINT NOT NULL REFERENCES person (id),
    hash    BLOB   NOT NULL,                -- SHA-256
    used_at BIGINT,
    PRIMARY KEY (person, hash)
) WITHOUT ROWID;

CREATE TABLE session (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    hash      BLOB   NOT NULL UNIQUE,       -- SHA-256 of what the cookie holds
    person    BIGINT REFERENCES person (id),    -- null: the owner of the data directory
    method    TEXT   NOT NULL,
    begun_at  BIGINT NOT NULL,
    used_at   BIGINT NOT NULL,              -- within half a minute
    ends_at   BIGINT NOT NULL,              -- at the latest
    address   TEXT,
    agent     TEXT,
    ended_at  BIGINT,
    ended_why TEXT
);
CREATE INDEX session_open ON session (person) WHERE ended_at IS NULL;
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE api_token (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    hash       BLOB   NOT NULL UNIQUE,      -- SHA-256
    name       TEXT   NOT NULL,
    person     BIGINT REFERENCES person (id),   -- who made it; null: the owner of the data directory
    role       TEXT   NOT NULL,
    accounts   TEXT,
    teams      TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT,
    used_at    BIGINT                       -- within a minute
);
CREATE INDEX api_token_person ON api_token (person);
