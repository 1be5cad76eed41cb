-- The tables of the hosted moclojer; docs/decisions/0006-one-store-two-databases.md explains them.
-- Times are unix milliseconds of this database's clock. Names compare by their bytes, as in SQLite.

CREATE FUNCTION now_ms() RETURNS bigint LANGUAGE sql VOLATILE
    AS 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint';

CREATE TABLE installation (
    one           boolean PRIMARY KEY DEFAULT true CHECK (one),
    id            uuid   NOT NULL,
    salt          bytea  NOT NULL CHECK (length(salt) = 32),
    layout        bigint NOT NULL CHECK (layout > 0),
    served_layout bigint,
    shards        bigint NOT NULL CHECK (shards > 0),
    base_domain   text   NOT NULL
);

CREATE TABLE customer (
    id           uuid PRIMARY KEY,
    external_id  uuid NOT NULL UNIQUE,
    username     text COLLATE "C" NOT NULL UNIQUE,
    email        text COLLATE "C" NOT NULL,
    created_at   bigint NOT NULL,
    suspended_at bigint
);
CREATE INDEX customer_email ON customer (email);

CREATE TABLE org (
    id           uuid PRIMARY KEY,
    slug         text COLLATE "C" NOT NULL UNIQUE,
    orgname      text NOT NULL,
    suspended_at bigint
);

-- `place` is the order in which people came.
CREATE TABLE org_user (
    org_id  uuid   NOT NULL REFERENCES org (id),
    user_id uuid   NOT NULL REFERENCES customer (id),
    role    text   NOT NULL CHECK (role IN ('owner', 'member')),
    place   bigint NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
CREATE INDEX org_user_user ON org_user (user_id);

CREATE TABLE mock (
    id            uuid PRIMARY KEY,
    user_id       uuid REFERENCES customer (id),
    org_id        uuid REFERENCES org (id),
    wildcard      text COLLATE "C" NOT NULL,
    content       text    NOT NULL,
    enabled       boolean NOT NULL,
    revision      bigint  NOT NULL CHECK (revision > 0),
    good_revision bigint  CHECK (good_revision <= revision),
    processed     text,
    problems      text    NOT NULL,
    created_at    bigint  NOT NULL,
    updated_at    bigint  NOT NULL,
    CHECK ((user_id IS NULL) <> (org_id IS NULL)),
    CHECK ((good_revision IS NULL) = (processed IS NULL))
);
CREATE INDEX mock_user ON mock (user_id);
CREATE INDEX mock_org ON mock (org_id);

CREATE TABLE mock_history (
    mock_id  uuid   NOT NULL REFERENCES mock (id) ON DELETE CASCADE,
    revision bigint NOT NULL,
    content  text   NOT NULL,
    made_by  uuid   REFERENCES customer (id) ON DELETE SET NULL,
    made_at  bigint NOT NULL,
    PRIMARY KEY (mock_id, revision)
);

-- Never deleted; outlives its mock and its owner. `changed_at`: since when it is behind.
CREATE TABLE host (
    name             text COLLATE "C" PRIMARY KEY,
    owner_id         uuid   NOT NULL,
    mock_id          uuid   UNIQUE REFERENCES mock (id) DEFERRABLE INITIALLY DEFERRED,
    hash             bigint NOT NULL CHECK (hash >= 0),
    version          bigint NOT NULL,
    applied_version  bigint NOT NULL CHECK (applied_version <= version),
    applied_revision bigint,
    file_key         text,
    file_etag        text,
    changed_at       bigint NOT NULL,
    released_at      bigint,
    CHECK ((mock_id IS NULL) = (released_at IS NOT NULL)),
    CHECK ((file_key IS NULL) = (file_etag IS NULL))
);
CREATE INDEX host_hash ON host (hash);
CREATE INDEX host_behind ON host (hash, changed_at) WHERE version > applied_version;

-- `first_hash` to `last_hash` are the hashes of the hosts that it holds. A null `etag`: to be written anew,
-- since `changed_at`.
CREATE TABLE shard (
    layout        bigint NOT NULL,
    id            bigint NOT NULL,
    first_hash    bigint NOT NULL,
    last_hash     bigint NOT NULL,
    generation    bigint NOT NULL,
    etag          text,
    changed_at    bigint NOT NULL,
    claimed_until bigint NOT NULL,
    attempts      bigint NOT NULL,
    next_at       bigint NOT NULL,
    last_error    text,
    PRIMARY KEY (layout, id)
);
