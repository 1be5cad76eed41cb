-- The tables of the hosted moclojer; docs/decisions/0006-one-store-two-databases.md explains them.
-- Times are unix milliseconds of the clock of this machine. Names compare by their bytes, as in Postgres.

CREATE TABLE installation (
    one           INTEGER NOT NULL UNIQUE DEFAULT 1 CHECK (one = 1),
    id            BLOB   NOT NULL,
    salt          BLOB  NOT NULL CHECK (length(salt) = 32),
    layout        INTEGER NOT NULL CHECK (layout > 0),
    served_layout INTEGER,
    shards        INTEGER NOT NULL CHECK (shards > 0),
    base_domain   TEXT   NOT NULL
) STRICT;

CREATE TABLE customer (
    id           BLOB PRIMARY KEY,
    external_id  BLOB NOT NULL UNIQUE,
    username     TEXT NOT NULL UNIQUE,
    email        TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    suspended_at INTEGER
) STRICT;
CREATE INDEX customer_email ON customer (email);

CREATE TABLE org (
    id           BLOB PRIMARY KEY,
    slug         TEXT NOT NULL UNIQUE,
    orgname      TEXT NOT NULL,
    suspended_at INTEGER
) STRICT;

-- `place` is the order in which people came.
CREATE TABLE org_user (
    org_id  BLOB   NOT NULL REFERENCES org (id),
    user_id BLOB   NOT NULL REFERENCES customer (id),
    role    TEXT   NOT NULL CHECK (role IN ('owner', 'member')),
    place   INTEGER NOT NULL,
    PRIMARY KEY (org_id, user_id)
) STRICT;
CREATE INDEX org_user_user ON org_user (user_id);

CREATE TABLE mock (
    id            BLOB PRIMARY KEY,
    user_id       BLOB REFERENCES customer (id),
    org_id        BLOB REFERENCES org (id),
    wildcard      TEXT NOT NULL,
    content       TEXT    NOT NULL,
    enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    revision      INTEGER  NOT NULL CHECK (revision > 0),
    good_revision INTEGER  CHECK (good_revision <= revision),
    processed     TEXT,
    problems      TEXT    NOT NULL,
    created_at    INTEGER  NOT NULL,
    updated_at    INTEGER  NOT NULL,
    CHECK ((user_id IS NULL) <> (org_id IS NULL)),
    CHECK ((good_revision IS NULL) = (processed IS NULL))
) STRICT;
CREATE INDEX mock_user ON mock (user_id);
CREATE INDEX mock_org ON mock (org_id);

CREATE TABLE mock_history (
    mock_id  BLOB   NOT NULL REFERENCES mock (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    content  TEXT   NOT NULL,
    made_by  BLOB   REFERENCES customer (id) ON DELETE SET NULL,
    made_at  INTEGER NOT NULL,
    PRIMARY KEY (mock_id, revision)
) STRICT;

-- Never deleted; outlives its mock and its owner. `changed_at`: since when it is behind.
CREATE TABLE host (
    name             TEXT PRIMARY KEY,
    owner_id         BLOB   NOT NULL,
    mock_id          BLOB   UNIQUE REFERENCES mock (id) DEFERRABLE INITIALLY DEFERRED,
    hash             INTEGER NOT NULL CHECK (hash >= 0),
    version          INTEGER NOT NULL,
    applied_version  INTEGER NOT NULL CHECK (applied_version <= version),
    applied_revision INTEGER,
    file_key         TEXT,
    file_etag        TEXT,
    changed_at       INTEGER NOT NULL,
    released_at      INTEGER,
    CHECK ((mock_id IS NULL) = (released_at IS NOT NULL)),
    CHECK ((file_key IS NULL) = (file_etag IS NULL))
) STRICT;
CREATE INDEX host_hash ON host (hash);
CREATE INDEX host_behind ON host (hash, changed_at) WHERE version > applied_version;

-- `first_hash` to `last_hash` are the hashes of the hosts that it holds. A null `etag`: to be written anew,
-- since `changed_at`.
CREATE TABLE shard (
    layout        INTEGER NOT NULL,
    id            INTEGER NOT NULL,
    first_hash    INTEGER NOT NULL,
    last_hash     INTEGER NOT NULL,
    generation    INTEGER NOT NULL,
    etag          TEXT,
    changed_at    INTEGER NOT NULL,
    claimed_until INTEGER NOT NULL,
    attempts      INTEGER NOT NULL,
    next_at       INTEGER NOT NULL,
    last_error    TEXT,
    PRIMARY KEY (layout, id)
) STRICT;
