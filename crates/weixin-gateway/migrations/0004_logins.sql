-- The logins that have begun or renewed a session, by the `state` that came back from WeChat: each does so once, at
-- whatever node. The session's cookie follows from `seed` and the key file, so that all responses to one login set the same.
create table logins (
    state text primary key,
    seed bytea not null,
    expires_at bigint not null
);
create index logins_by_expiry on logins (expires_at);
