-- Who talked to whom over the network, as logs of flows tell it: one row for a day, an interface, who asked whom on which port, and
-- whether it was let through.

CREATE TABLE flow (
    id                INTEGER PRIMARY KEY,
    day               BIGINT NOT NULL,  -- days since 1970, UTC
    account           TEXT   NOT NULL,  -- empty where the log does not say
    interface         TEXT   NOT NULL,  -- that saw it
    client            TEXT   NOT NULL,  -- the address that asks
    server            TEXT   NOT NULL,  -- the address that is asked
    protocol          BIGINT NOT NULL,  -- the number of IANA
    port              BIGINT NOT NULL,  -- that is asked; 0 where the protocol has none
    accepted          BIGINT NOT NULL,
    told_by           BIGINT NOT NULL,  -- how it is known who asked: 0 not at all, 1 by the ports, 2 by flags of TCP
    first_at          BIGINT NOT NULL,
    last_at           BIGINT NOT NULL,
    packets_to_server BIGINT NOT NULL,
    bytes_to_server   BIGINT NOT NULL,
    packets_to_client BIGINT NOT NULL,
    bytes_to_client   BIGINT NOT NULL,
    records           BIGINT NOT NULL,
    UNIQUE (interface, day, client, server, protocol, port, accepted, account)
);
CREATE INDEX flow_client ON flow (client, day);
CREATE INDEX flow_server ON flow (server, day);
CREATE INDEX flow_order ON flow (accepted, day);

-- Of which interface the log of which day was read, and what of it is missing.
CREATE TABLE flow_day (
    interface TEXT   NOT NULL,
    day       BIGINT NOT NULL,
    account   TEXT   NOT NULL,
    first_at  BIGINT NOT NULL,
    last_at   BIGINT NOT NULL,
    records   BIGINT NOT NULL,
    skipped   BIGINT NOT NULL,          -- stretches of which the provider itself wrote nothing down
    gone      BIGINT NOT NULL,          -- flows that were let go because there are too many
    PRIMARY KEY (interface, day, account)
) WITHOUT ROWID;

-- Files that were read, so that none counts twice.
CREATE TABLE flow_file (
    sha256      TEXT   PRIMARY KEY,
    file        TEXT   NOT NULL,
    imported_at BIGINT NOT NULL,
    last_day    BIGINT NOT NULL,
    records     BIGINT NOT NULL
) WITHOUT ROWID;
