-- Two logins at one moment in one browser are one session with one cookie, and a browser that did not receive the new cookie
-- can end its session by the one of before. `seed` is what the session's cookie follows from, as that of a login;
-- `former_hash` is the hash of the cookie that the browser sent when the session was renewed last.
alter table sessions add column seed bytea;
alter table sessions add column former_hash bytea;
create index sessions_by_former_hash on sessions (former_hash);
