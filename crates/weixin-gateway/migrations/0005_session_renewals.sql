-- Two logins at one moment in one browser are one session with one cookie, and a browser that did not receive the new cookie
-- can end its session by the one of before. `renewed_by` is the `state` of the login that has renewed the session last, whose
-- row in `logins` has what the cookie follows from; `former_hash` is the hash of the cookie that the browser sent then.
alter table sessions add column renewed_by text;
alter table sessions add column former_hash bytea;
create index sessions_by_former_hash on sessions (former_hash);
