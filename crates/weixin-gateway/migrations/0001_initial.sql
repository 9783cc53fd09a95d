-- The tables of SQLite and PostgreSQL alike: columns are text, bigint and bytea; times are Unix milliseconds.
-- There are no foreign keys: a row that depends on another is inserted by a select of that row, in the same transaction.
-- A release only adds to the tables; what it does not use any more is removed by the release after it.

-- The oldest program that may still use the tables, by the number of the last migration that it knows.
create table schema (minimum_version bigint not null);
insert into schema (minimum_version) values (1);

create table users (
    id text primary key,
    created_at bigint not null,
    last_seen_at bigint not null,
    nickname text,
    picture text,
    profile_at bigint,
    disabled_at bigint,
    merged_into text,
    merged_at bigint,
    logged_out_at bigint
);
create index users_by_merged_into on users (merged_into);

-- `identity` is the text of weixin's Identity: union:UNIONID or open:APPID:OPENID.
create table identities (
    identity text primary key,
    user_id text not null,
    created_at bigint not null
);
create index identities_by_user on identities (user_id);

-- The sub that a client has received for a user. Rows are never removed by time, and never changed.
create table subjects (
    client text not null,
    user_id text not null,
    sub text not null,
    created_at bigint not null,
    primary key (client, user_id),
    unique (client, sub)
);

-- Authorization requests that wait for a login, or were pushed. A row grants nothing.
create table requests (
    id text primary key,
    issuer text not null,
    client text not null,
    body text not null,
    created_at bigint not null,
    expires_at bigint not null
);
create index requests_by_expiry on requests (expires_at);

-- `id_hash` is the SHA-256 of the cookie; `secret` is in the MAC of each code; `request` is the one that the last login was for.
-- `expires_at` is the absolute end; the idle end follows from `last_seen_at`.
create table sessions (
    sid text primary key,
    id_hash bytea not null unique,
    secret bytea not null,
    issuer text not null,
    user_id text not null,
    request text,
    auth_time bigint not null,
    amr text not null,
    app text not null,
    created_at bigint not null,
    last_seen_at bigint not null,
    expires_at bigint not null,
    ended_at bigint,
    ended_reason text
);
create index sessions_by_user on sessions (user_id);
create index sessions_by_expiry on sessions (expires_at);

-- The ID is that of the code, which makes the code single-use; `secret` is in the MAC of each token.
-- `offline` is 1 if the grant outlives its session; `seq` is the number of the current refresh token, `expires_at` its idle
-- end, `ends_at` the absolute one. `keep_until` is when its removal is considered: a grant stays as long as its session.
create table grants (
    id text primary key,
    secret bytea not null,
    client text not null,
    user_id text not null,
    sub text not null,
    sid text not null,
    app text not null,
    scopes text not null,
    claims text not null,
    auth_time bigint not null,
    offline bigint not null,
    seq bigint not null,
    rotated_at bigint,
    created_at bigint not null,
    expires_at bigint not null,
    ends_at bigint not null,
    keep_until bigint not null,
    revoked_at bigint,
    revoked_reason text
);
create index grants_by_user on grants (user_id);
create index grants_by_session on grants (sid);
create index grants_by_keep_until on grants (keep_until);

-- `number` counts the keys of an algorithm: of two nodes that add the next one, one wins.
create table keys (
    kid text primary key,
    alg text not null,
    number bigint not null,
    encrypted_key bytea not null,
    published_at bigint not null,
    active_at bigint not null,
    retired_at bigint,
    removed_at bigint,
    unique (alg, number)
);

create table audit (
    id text primary key,
    at bigint not null,
    event text not null,
    client text,
    user_id text,
    reference text,
    detail text
);
create index audit_by_time on audit (at);
create index audit_by_reference on audit (reference);
create index audit_by_user on audit (user_id);
