-- The last time at which the operator has revoked a client: a code that was issued until then is not redeemed. Codes are
-- rows only once they are redeemed, so a row is needed for a minute, and is removed a few minutes later.
create table client_revocations (
    client text primary key,
    revoked_at bigint not null
);
