"""What every Python peer does with its input: each line is a batch of codes, `done` follows."""

import sys

APP = "wx0123456789abcdef"
SECRET = "s" * 32
NICKNAME = "小明🐼é"
# The simulator, where WeChat's own hosts would be.
ORIGIN = sys.argv[1]


def run(nickname_of):
    for batch in sys.stdin:
        for code in batch.split():
            nickname = nickname_of(code)
            assert nickname == NICKNAME, nickname
        print("done", flush=True)


async def run_async(nickname_of):
    """The same with asyncio. Only this program's logins run, so that it may wait for a line."""
    for batch in sys.stdin:
        for code in batch.split():
            nickname = await nickname_of(code)
            assert nickname == NICKNAME, nickname
        print("done", flush=True)
