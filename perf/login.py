#!/usr/bin/env python3
"""Times refused logins by who they are for: does the time of an answer tell whether a login exists?

    login.py https://127.0.0.1:8181 ADMIN PASSWORD_FILE [COUNT]

Makes COUNT users (default 40), half of them disabled, tries each twice with a wrong password, and as often logins that nobody has, in random order, each from an
address of its own in 127.0.0.0/8 so that none must wait. Prints milliseconds for each kind, and how often one drawn of it took longer than one drawn of
the unknown ones: 0.50 is no difference. The users are deleted at the end. Certificates are not checked: the appliance is on this machine.
"""
import http.client, json, random, ssl, statistics, sys, time, urllib.parse

url, admin, password_file = sys.argv[1:4]
count = int(sys.argv[4]) if len(sys.argv) > 4 else 40
place = urllib.parse.urlparse(url)
context = ssl._create_unverified_context()


def ask(method, path, body=None, source="127.0.0.1", headers=None):
    """One request on a connection that is open already; returns status, headers, body and seconds."""
    connection = http.client.HTTPSConnection(place.hostname, place.port, context=context, source_address=(source, 0), timeout=60)
    connection.connect()
    began = time.perf_counter()
    connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json", **(headers or {})})
    answer = connection.getresponse()
    content = answer.read()
    seconds = time.perf_counter() - began
    connection.close()
    return answer.status, answer.headers, json.loads(content) if content else None, seconds


status, headers, session, _ = ask("POST", "/api/session/login", {"login": admin, "password": open(password_file).read().strip()})
assert status == 200, session
mine = {"Cookie": headers["Set-Cookie"].split(";")[0], "X-CSRF-Token": session["csrfToken"]}
users, tries = [], []
try:
    for i in range(count):
        login, kind = f"perf-{random.getrandbits(40):x}", "disabled" if i % 2 else "wrong password"
        status, _, user, _ = ask("POST", "/api/users", {"login": login, "password": "a long password 42", "active": kind != "disabled"}, headers=mine)
        assert status == 201, user
        users.append(user["guid"])
        tries += [(kind, login)] * 2 + [("unknown", f"perf-{random.getrandbits(40):x}")] * 2
    random.shuffle(tries)
    times = {}
    for i, (kind, login) in enumerate(tries):
        status, _, answer, seconds = ask("POST", "/api/session/login", {"login": login, "password": "wrong"}, source=f"127.{1 + i // 250 % 250}.{1 + i // 62500}.{1 + i % 250}")
        assert status == 401, answer
        times.setdefault(kind, []).append(seconds * 1000)
finally:
    for guid in users:
        ask("DELETE", f"/api/users/{guid}", headers=mine)

unknown = times["unknown"]
for kind, taken in sorted(times.items()):
    deciles = statistics.quantiles(taken, n=10)
    longer = sum((a > b) + (a == b) / 2 for a in taken for b in unknown) / (len(taken) * len(unknown))
    print(f"{kind:15} n {len(taken):4}  p10 {deciles[0]:7.1f}  median {statistics.median(taken):7.1f}  p90 {deciles[8]:7.1f} ms  longer than unknown {longer:.2f}")
