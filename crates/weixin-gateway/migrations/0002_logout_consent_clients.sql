-- What a user has allowed a client, by a page of this gateway.
create table consents (
    user_id text not null,
    client text not null,
    scopes text not null,
    created_at bigint not null,
    primary key (user_id, client)
);

-- Clients that a command has added; those of the configuration file are not here. `body` is the client as JSON.
create table clients (
    id text primary key,
    issuer text not null,
    origin text not null,
    body text not null,
    updated_at bigint not null,
    disabled_at bigint
);

-- The outbox of back-channel logout: a row is a logout token that a client has not received yet.
create table logouts (
    id text primary key,
    client text not null,
    sid text not null,
    sub text not null,
    due_at bigint not null,
    attempts bigint not null
);
create index logouts_by_due on logouts (due_at);
