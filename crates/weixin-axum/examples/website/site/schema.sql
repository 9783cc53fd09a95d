-- AUTOINCREMENT: the id of a deleted account is not given to another one.
-- wechat: all IDs of the account's WeChat user, as JSON of `KnownIds`.
CREATE TABLE IF NOT EXISTS users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT,
    avatar TEXT,
    email TEXT UNIQUE,
    password TEXT,
    wechat TEXT,
    CHECK ((email IS NULL) = (password IS NULL))
) STRICT;

-- The keys to look accounts up by, as `weixin::Identity` writes them. The primary key is the promise that one WeChat
-- user belongs to one account, whatever the program above does.
CREATE TABLE IF NOT EXISTS identities (
    identity TEXT PRIMARY KEY,
    user INTEGER NOT NULL REFERENCES users ON DELETE CASCADE
) STRICT;
CREATE INDEX IF NOT EXISTS identities_of_user ON identities (user);

CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY,
    user INTEGER REFERENCES users ON DELETE CASCADE,
    data TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS sessions_of_user ON sessions (user);
CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (expires);

-- WeChat users whose logins were ended on all devices, and when: for the minute in which a callback can be repeated.
-- The id grows with each end: a callback under way compares it with the one that it began with.
CREATE TABLE IF NOT EXISTS ended_logins (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    identity TEXT NOT NULL UNIQUE,
    ended INTEGER NOT NULL
) STRICT;

-- How often a password was tried: at the login for an email address, whether it has an account or not; in a session, for
-- the account (`account 1`).
CREATE TABLE IF NOT EXISTS attempts (
    subject TEXT PRIMARY KEY,
    tries INTEGER NOT NULL,
    ends INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS attempts_by_end ON attempts (ends);
