#!/usr/bin/python3
"""A shop's database and log, the same on every machine.

  database.py create FILE   a 512 MiB SQLite database with 8 KiB pages
  database.py update FILE   rewrites 3 % of its pages in place, scattered all over
  database.py log FILE DAY  appends one day's log, 40 MiB
"""
import hashlib
import random
import sqlite3
import sys

PAGE = 8192
PAGES = 512 * 1048576 // PAGE
CHANGED_SHARE = 0.03
LOG_BYTES = 40 * 1048576

FIRST = "Anna Ben Clara David Emma Felix Greta Hanna Ivan Julia Karl Lena Max Nora Otto Paula Quentin Rosa Simon Tina".split()
LAST = "Adler Braun Conrad Dietz Engel Fuchs Graf Huber Iwanow Jung Keller Lang Maier Novak Ott Peters Roth Schulz".split()
STREETS = "Hauptstrasse Bahnhofstrasse Gartenweg Lindenallee Schulstrasse Dorfplatz Bergweg Kirchgasse".split()
ITEMS = "lamp chair table shelf carpet mirror curtain clock vase frame pillow blanket kettle bowl plate".split()
STATES = ("new", "paid", "sent", "back")


def order(rnd, number):
    """One row; a fifth of its bytes (token and numbers) does not compress, like keys and hashes in real tables."""
    first, last = rnd.choice(FIRST), rnd.choice(LAST)
    token = hashlib.blake2b(number.to_bytes(8, "little"), digest_size=16).digest()
    return (number, f"{first} {last}", f"{first}.{last}{rnd.randrange(100000)}@example.org".lower(),
            f"{rnd.choice(STREETS)} {rnd.randrange(1, 200)}, {rnd.randrange(10000, 99999)}",
            f"{rnd.randrange(1, 9)} x {rnd.choice(ITEMS)}; {rnd.randrange(1, 9)} x {rnd.choice(ITEMS)}",
            rnd.randrange(10**8, 10**9), rnd.choice(STATES), 1_700_000_000 + number * 7 + rnd.randrange(7), token)


def connect(path):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(f"PRAGMA page_size={PAGE}")
    # Only the bytes matter: a failed build is thrown away.
    database.execute("PRAGMA journal_mode=OFF")
    database.execute("PRAGMA synchronous=OFF")
    return database


def create(path):
    rnd = random.Random(1)
    database = connect(path)
    database.execute("CREATE TABLE orders(id INTEGER PRIMARY KEY, customer TEXT, email TEXT, address TEXT, items TEXT,"
                     " cents INTEGER, state TEXT, created INTEGER, token BLOB)")
    number = 0
    # Five sixths are rows; the index on a random column, built last, is the rest.
    while database.execute("PRAGMA page_count").fetchone()[0] < PAGES * 0.83:
        database.execute("BEGIN")
        rows = (order(rnd, number + i) for i in range(50_000))
        database.executemany("INSERT INTO orders VALUES(?,?,?,?,?,?,?,?,?)", rows)
        number += 50_000
        database.execute("COMMIT")
    database.execute("CREATE INDEX orders_by_token ON orders(token)")
    database.close()


def update(path):
    rnd = random.Random(2)
    database = connect(path)
    last = database.execute("SELECT max(id) FROM orders").fetchone()[0]
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    database.execute("BEGIN")
    # Amount and state keep their widths, so that each update rewrites its page and moves nothing.
    for number in rnd.sample(range(last), int(pages * CHANGED_SHARE)):
        database.execute("UPDATE orders SET cents=?, state='sent' WHERE id=?", (rnd.randrange(10**8, 10**9), number))
    database.execute("COMMIT")
    database.close()


def log(path, day):
    rnd = random.Random(f"day {day}")
    written, second = 0, day * 86400
    with open(path, "a", encoding="ascii") as file:
        while written < LOG_BYTES:
            second += rnd.randrange(2)
            line = (f"2026-01-{day:02} {second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02} shop[{rnd.randrange(900, 999)}]: "
                    f"GET /order/{rnd.randrange(10**6)} 200 {rnd.randrange(10**5)} {rnd.random():.6f} {rnd.choice(ITEMS)}\n")
            written += file.write(line)


if __name__ == "__main__":
    verb, target, *rest = sys.argv[1:]
    {"create": create, "update": update, "log": lambda path: log(path, int(rest[0]))}[verb](target)
