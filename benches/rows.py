"""Rows of a large store, as the gateway itself would have written them: for SQLite and PostgreSQL."""

import base64
import hashlib
import random
import sqlite3
import subprocess
import time

APP = "wx0123456789abcdef"
DAY = 24 * 3600 * 1000
NAMES = ["小明", "小红", "阿强", "Layla", "Tom", "王芳", "李雷", "韩梅梅", "Mia", "老张"]

COLUMNS = {
    "users": "id created_at last_seen_at nickname picture profile_at",
    "identities": "identity user_id created_at",
    "subjects": "client user_id sub created_at",
    "sessions": "sid id_hash secret issuer user_id request auth_time amr app created_at last_seen_at expires_at",
    "grants": "id secret client user_id sub sid app scopes claims auth_time offline seq created_at expires_at ends_at keep_until",
}
# Of SQLite: an index is made faster than it is kept.
INDEXES = "select name, sql from sqlite_master where type = 'index' and sql is not null"
PART = 50_000

# The events are made by the database itself: in the order of their times, over 89 days, so that none expires at once. The
# ID and the reference are letters of base32: hexadecimal digits, of which four are replaced.
EVENTS = """insert into audit (id, at, event, client, user_id, reference, detail)
    select {id}, {begin} + cast(number * {step} as bigint),
        case when number % 20 = 0 then 'login.rejected' else 'login.ok' end,
        '{client}', {user}, {reference}, case when number % 20 = 0 then 'canceled' end
    from {numbers}"""
EVENTS_OF_SQLITE = {
    "id": "replace(replace(replace(replace(lower(hex(randomblob(13))), '0', 'g'), '1', 'h'), '8', 'i'), '9', 'j')",
    "reference": "replace(replace(replace(replace(lower(hex(randomblob(4))), '0', 'g'), '1', 'h'), '8', 'i'), '9', 'j')",
    "user": "(select id from users where rowid = 1 + abs((random() / 2 + number) % {users}))",
    "numbers": """(with recursive counted (number) as
        (select {first} union all select number + 1 from counted where number < {last}) select number from counted)""",
}
EVENTS_OF_POSTGRES = {
    "id": "translate(substr(md5(random()::text), 1, 26), '0189', 'ghij')",
    "reference": "translate(substr(md5(random()::text), 1, 8), '0189', 'ghij')",
    "user": "numbered.id",
    "numbers": """(select number, 1 + floor(random() * {users})::bigint as of from generate_series({first}, {last}) number)
        picked join numbered on numbered.number = picked.of""",
}


class Rows:
    """Generates rows; the same ones for the same numbers, so that the cookies of the sessions are known."""

    def __init__(self, client, issuer, claims, users, sessions, events):
        self.client, self.issuer, self.claims = client, issuer, claims
        self.counts = {"users": users, "sessions": sessions, "events": events}
        self.now = int(time.time() * 1000)
        self.random = random.Random(1)
        self.ids = [self.id() for _ in range(users)]

    def id(self):
        return base64.b32encode(self.random.randbytes(16))[:26].decode().lower()

    def events(self, dialect, part=500_000):
        """Statements that insert events, with the number of their rows."""
        count = self.counts["events"]
        names = {"client": self.client, "begin": self.now - 89 * DAY, "step": 89 * DAY / max(count, 1)}
        for first in range(0, count, part):
            numbers = {"first": first, "last": min(first + part, count) - 1, "users": len(self.ids)}
            parts = {name: sql.format(**numbers) for name, sql in dialect.items()}
            yield EVENTS.format(**names, **parts), numbers["last"] - first + 1

    def wechat_id(self, first, number):
        """28 characters, of which WeChat's OpenIDs and UnionIDs consist."""
        digest = hashlib.sha256(f"{first}{number}".encode()).digest()
        return first + base64.urlsafe_b64encode(digest)[:27].decode()

    def name(self, number):
        return f"{NAMES[number % len(NAMES)]}{number}"

    def users(self):
        chance = self.random.random
        for number, user in enumerate(self.ids):
            age = int(chance() * 720 * DAY)
            created, seen = self.now - age, self.now - int(chance() * age)
            name = self.name(number)
            picture = f"https://thirdwx.qlogo.cn/mmopen/vi_32/{user * 3}/132"
            yield user, created, seen, name, picture, seen

    def identities(self):
        for number, user in enumerate(self.ids):
            yield f"open:{APP}:{self.wechat_id('o', number)}", user, self.now
            yield f"union:{self.wechat_id('u', number)}", user, self.now

    def subjects(self):
        for user in self.ids:
            yield self.client, user, user, self.now

    def cookie(self, number):
        value = hashlib.sha256(f"cookie {number}".encode()).digest()
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    def session_rows(self):
        """A session, and the grant of its client."""
        step = max(len(self.ids) // max(self.counts["sessions"], 1), 1)
        for number in range(self.counts["sessions"]):
            user, sid = self.ids[number * step % len(self.ids)], self.id()
            # Within the last hours, so that none expires while it is used here.
            began = self.now - self.random.randrange(DAY // 4)
            cookie = hashlib.sha256(self.cookie(number).encode()).digest()
            secret, request = self.random.randbytes(16), self.id()
            end = began + 7 * DAY
            session = (sid, cookie, secret, self.issuer, user, request, began, "qr", APP, began, began, end)
            idle, absolute = began + 30 * DAY, began + 180 * DAY
            grant = (self.id(), self.random.randbytes(16), self.client, user, user, sid, APP, "openid profile offline_access")
            yield session, (*grant, self.claims, began, 1, 0, began, idle, absolute, idle)

    def sessions(self):
        self.grant_rows = []
        for session, grant in self.session_rows():
            self.grant_rows.append(grant)
            yield session

    def grants(self):
        yield from self.grant_rows
        self.grant_rows = None


def parts(rows):
    part = []
    for row in rows:
        part.append(row)
        if len(part) == PART:
            yield part
            part = []
    if part:
        yield part


def fill_sqlite(database, rows):
    """Fills a file whose tables are there. Nothing else has it open."""
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in ["journal_mode = off", "synchronous = off", "cache_size = -2000000", "temp_store = memory"]:
        connection.execute(f"pragma {pragma}")
    indexes = connection.execute(INDEXES).fetchall()
    for name, _ in indexes:
        connection.execute(f"drop index {name}")
    for table, columns in COLUMNS.items():
        names = columns.split()
        insert = f"insert into {table} ({', '.join(names)}) values ({', '.join('?' * len(names))})"
        with Progress(table) as progress:
            connection.execute("begin")
            for part in parts(getattr(rows, table)()):
                connection.executemany(insert, part)
                progress.add(len(part))
            connection.execute("commit")
    with Progress("audit", rows.counts["events"]) as progress:
        for sql, count in rows.events(EVENTS_OF_SQLITE):
            connection.execute(sql)
            progress.add(count)
    with Progress("indexes", len(indexes)) as progress:
        for _, sql in indexes:
            connection.execute(sql)
            progress.add(1)
    connection.execute("pragma journal_mode = wal")
    connection.close()


def fill_postgres(url, rows):
    for table, columns in COLUMNS.items():
        copy = f"copy {table} ({columns.replace(' ', ', ')}) from stdin"
        psql = subprocess.Popen(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-c", copy, url], stdin=subprocess.PIPE)
        with Progress(table) as progress:
            for part in parts(getattr(rows, table)()):
                psql.stdin.write("".join(line(row) for row in part).encode())
                progress.add(len(part))
            psql.stdin.close()
            if psql.wait():
                raise RuntimeError(f"{table}: psql has failed")
    run = ["psql", "-q", "-v", "ON_ERROR_STOP=1", url]
    # Not a temporary table: each command is another session.
    number = "create table numbered as select row_number() over () as number, id from users; create index on numbered (number)"
    subprocess.check_call([*run, "-c", number, "-c", "analyze"])
    with Progress("audit", rows.counts["events"]) as progress:
        for sql, count in rows.events(EVENTS_OF_POSTGRES):
            subprocess.check_call([*run, "-c", sql.replace("number *", "picked.number *").replace("when number", "when picked.number")])
            progress.add(count)
    subprocess.check_call([*run, "-c", "drop table numbered", "-c", "analyze"])


def line(row):
    """A line of PostgreSQL's text format."""
    return "\t".join(cell(value) for value in row) + "\n"


def cell(value):
    if value is None:
        return "\\N"
    return "\\\\x" + value.hex() if isinstance(value, bytes) else str(value)


class Progress:
    """A line that counts rows."""

    def __init__(self, name, total=None):
        self.name, self.total, self.count = name, total, 0

    def __enter__(self):
        self.begin = self.said = time.monotonic()
        return self

    def add(self, count):
        self.count += count
        if time.monotonic() - self.said > 5:
            self.said = time.monotonic()
            print(f"  {self.name}: {self.count:,}{f' of {self.total:,}' if self.total else ''}")

    def __exit__(self, *_):
        print(f"  {self.name}: {self.count:,} in {time.monotonic() - self.begin:.0f} s")
