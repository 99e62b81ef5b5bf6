"""What attackers send: values for every field, path, query, header and cookie, and whole bodies.

``Attacker`` sends them as they are, over a connection that stays open; no client library
mends them on the way. ``complaints`` says of an answer what it must never be.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from portal.web.headers import SECURITY
from tests.conftest import Running

TEXTS = (
    # Markup, and ways out of it into an attribute, a comment, a script, a style.
    *("<hostile onhostile=1>", "\"'><hostile onhostile=1>", '" onhostile="1', "' onhostile='1"),
    *("</textarea></title><hostile>", "--><hostile>", "]]><hostile>", "<svg/onload=hostile()>"),
    *("&lt;hostile&gt;", "&#60;hostile&#62;", "javascript:hostile()", "data:text/html,<hostile>"),
    *("\\u003chostile\\u003e", "%3Chostile%3E", "+ADw-hostile+AD4-", "<hos\0tile>"),
    # Templates, format strings, expressions.
    *("{{ 1234*5678 }}", "{% include '/etc/passwd' %}", "{{ settings.secret_key }}"),
    "${1234*5678}",
    *("{0.__class__.__mro__}", "%(phone)s %s %n %x", "#{1234*5678}", "{{''.__class__}}", "{", "%"),
    # SQL, and the languages of full-text searches.
    *("' OR '1'='1", "'; DROP TABLE messages; --", '" OR ""="'),
    "1 UNION SELECT digest FROM sessions",
    *("x' AND sleep(9) --", "'||pg_sleep(9)||'", "\\", "%_%", "case_texts:*", '"*" NEAR/0 ^'),
    "a:* & !b",
    *("NOT", "AND OR", "folded : x", "(((", '"', "*", "-", "^a", "{a b} : c", "':*|", "<->"),
    "a\\:b",
    # What no text should contain, and what misleads the eye.
    *("\0", "NUL\0byte", "\x01\x1b[31m\x7f\x9f", "\ufffd", "\ufeff", "\uffff", "\U0010ffff"),
    *("\u202egnp.exe\u202c", "\u2066\u2067\u2068", "\u200b\u200d\u2060", "\u2028\u2029\x85"),
    "\ue000",
    *("Z" + "\u0310" * 400, "\ufdfa" * 300, "\u1f1e" * 50, "\u0130\u0131\u017f\u212a", "\u3000"),
    "²③٣",
    # Lines, headers, letters.
    *("a\r\nX-Injected: 1", "a\nBcc: b@example.org", "\r\n\r\n<hostile>", "a\r\n.\r\nMAIL FROM:<>"),
    "\r",
    *("a@example.org\nBcc: b@example.org", '"<hostile>"@example.org', "a@[127.0.0.1]", "a@b@c.se"),
    # Paths, addresses, commands.
    *("../../etc/passwd", "..\\..\\windows", "/etc/passwd\0.html", "file:///etc/passwd"),
    "//evil.example",
    *("https://evil.example/", "/\\evil.example", "/inbox/../..//evil.example"),
    "/inbox@evil.example",
    *("/inbox?next=//evil.example", "/inbox/sign-out", "$(id)", "`id`", "| id", "; id"),
    "${jndi:ldap://x}",
    # Numbers, dates, tags.
    *("0", "-1", "1e999", "NaN", "Infinity", "0x10", "9" * 15, "9" * 400, "9223372036854775808"),
    "1_0",
    *("0001-01-01T00:00:00+23:59_1", "9999-12-31T23:59:59-23:59_1", "9999-12-31", "0000-00-00"),
    "2024-W53",
    *("aa-" + "-".join(["bb"] * 2000), "sv-" + "x" * 8, "xx-1234", "und", "i-klingon"),
    "zh-Hant-Hans-TW-x",
    *("other", "art-lojban", "sgn-BE-FR", "a" * 60, "ar_SY", "..", "en-GB-oxendict"),
    *("de-1996-1996", "aa-aa-aa"),
    # Deep, long, repeated.
    *("[" * 9000, "{" * 9000, "<b>" * 3000, "a " * 2500, "\n" * 4999, "(" * 200 + "a" * 200),
    "ab" * 40_000,
    *("note:" * 9, "rendering:99999999999", "rendering:1:2", "discard:\0", "look-again:never"),
    "unlink:AAAAAAAA",
)
"""Values of a field, a parameter, a part of a path."""

BYTES = (
    *(b"\xff", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xed\xa0\xbd\xed\xb8\x80"),
    *(b"\xf0\x82\x82\xac", b"\xf4\x90\x80\x80", b"\xfe\xff\x00<", b"\xc3"),
    b"a\xf8\x88\x80\x80\x80",
    *(b"\xe5\xe4\xf6", b"\x80" * 30, b"\xef\xbf\xbe", b"\x1b$B<hostile", b"\xff\xfe<\x00h\x00"),
)
"""Values that are not UTF-8: overlong forms, halves of pairs, other encodings."""

PATHS = (
    *(b"//", b"///", b"//evil.example", b"//evil.example/%2e%2e", b"/\\evil.example", b"/."),
    b"/..",
    *(b"/../", b"/sv/..", b"/sv/../../etc/passwd", b"/sv/%2e%2e/%2e%2e/etc/passwd"),
    b"/sv/..%2f..%2fetc",
    *(b"/static/../portal/settings.py", b"/static/%2e%2e/settings.py", b"/static/..%5csettings.py"),
    *(b"/static/portal.css", b"/static/", b"/static", b"/static/%00"),
    b"/static/portal.000000000000.css",
    *(b"/.env", b"/.git/config", b"/.git/HEAD", b"/portal.db", b"/secret_key", b"/metrics"),
    b"/server-status",
    *(b"/wp-login.php", b"/admin", b"/phpinfo.php", b"/cgi-bin/..%2fbin/sh", b"/actuator/env"),
    b"/debug",
    *(b"/sv%2f", b"/sv%00/", b"/sv/%00", b"/sv/kontakt%00", b"/sv/kontakt/", b"/SV/KONTAKT"),
    b"/sv/kontakt//",
    *(b"/sv/kontakt%0d%0aX-Injected:%201", b"/%0d%0aX-Injected:%201", b"/sv/;jsessionid=1"),
    b"/sv/kontakt;x",
    *(b"/xx/kontakt", b"/sv-SE/kontakt", b"/%73v/kontakt", b"/sv/%6bontakt", b"/ar/arende/"),
    b"/sv/arende//",
    *(b"/sv/arende/%2e%2e", b"/sv/arende/..", b"/sv/arende/a%2fb", b"/sv/arende/%3Fa"),
    b"/sv/arende/%23",
    *(b"/inbox/", b"/INBOX", b"/inbox//", b"/inbox/..", b"/inbox%2fsign-in", b"//inbox"),
    b"/inbox;/sign-in",
    *(b"/inbox/%2e%2e/sv/", b"/inbox/sign-in/", b"/%69nbox", b"/inbox/sign-in%00"),
    b"/inbox/figures/..",
    *(b"/%", b"/%z", b"/%ff", b"/%c0%ae%c0%ae/", b"/sv/%ed%a0%80", b"/%25%32%65", b"/%252e%252e/"),
    *(b"/sv/" + b"a" * 8000, b"/" + b"a/" * 4000, b"/sv/arende/" + b"A" * 5000),
    b"/inbox/" + b"B" * 5000,
    *(b"http://evil.example/sv/", b"http://127.0.0.1@evil.example/", b"evil.example:80", b"*"),
    *(b"/?", b"/#"),
)
"""Targets that no page of ours names."""

QUERIES = (
    *(b"?", b"&", b"=", b"&&&&", b"a=1&a=2", b"%", b"%zz=%zz", b"bredvid=sv&bredvid=sv"),
    b"bredvid=../ar",
    *(b"kind=question&kind=complaint", b"kind=<hostile>", b"page=../../etc/passwd", b"page=%00"),
    b"page",
    *(b"message=<hostile>", b"email=<hostile>", b"skrivet=<hostile>", b"skrivet=ja&skrivet=ja"),
    b"q=" + b"(" * 300,
    *(b"next=//evil.example", b"next=https:%2f%2fevil.example", b"next=/%5cevil.example"),
    b"next=/inbox%0d%0aX:1",
    *(b"next=/inbox//evil.example", b"next=javascript:hostile()", b"next=%2finbox%3fa=<hostile>"),
    b"next=%00",
    *(b"view=<hostile>", b"view=new&view=mine", b"view=__class__", b"age=9" + b"9" * 99, b"age=-1"),
    b"age=%D9%A3",
    *(b"after=1_1", b"after=0001-01-01_1", b"after=0001-01-01T00:00:00%2b23:59_1"),
    b"before=9999-12-31T23:59:59Z_9",
    *(b"after=2024-01-01T00:00:00Z_999999999999999", b"after=%00"),
    b"before=2024-01-01T00:00:00Z_%D9%A3",
    *(b"done=" + b"AAAAAAAA." * 200, b"done=%00", b"done=<hostile>", b"missed=" + b"9" * 400),
    b"undone=-1",
    *(b"draft=%00", b"draft=<hostile>", b"draft=x&preview=yes", b"preview=yes", b"veckor=52'"),
    b"veckor=%ff",
    *(b"language=%00", b"language=sv'--", b"kind=none&language=ar&age=30&view=overdue", b"q=%00"),
    b"q=%ff%fe",
    *(b"q=%22*%22", b"q=NEAR(a,b)", b"q=a%27)%3B--", b"q=*", b"q=%E2%80%AE", b"q=" + b"a+" * 2000),
    b"q=-&after=1",
    *(b"&".join(b"p%d=%d" % (n, n) for n in range(900)), b"a" * 9000, b"a=" + b"%25" * 2500),
    b"\xc3\xa5=\xc3\xa5",
    *(b"_method=DELETE", b"__proto__[x]=1", b"a[]=1&a[0][b]=2", b"debug=1", b"lang=..%2f.."),
    b"%3Chostile%3E",
)
"""Queries for every route."""

HEADERS = (
    *((b"Accept-Language", b"../../etc/passwd"), (b"Accept-Language", b"a" * 9000)),
    *((b"Accept-Language", b"sv;q=" + b"9" * 4000), (b"Accept-Language", b"*;q=nan,,;;q=")),
    *((b"Accept-Language", b"ar-" + b"x-" * 3000), (b"Accept-Language", b"\xff\xfe")),
    *((b"Accept-Encoding", b"br;q=1e309"), (b"Accept-Encoding", b"gzip," * 2500)),
    *((b"Accept-Encoding", b"\xff"), (b"Accept-Encoding", b"identity;q=0, *;q=0")),
    *((b"If-None-Match", b'"' * 9000), (b"If-None-Match", b"W/" * 4000)),
    (b"If-None-Match", b"*, *"),
    *((b"If-Modified-Since", b"0"), (b"Range", b"bytes=" + b"0-,-1," * 1500), (b"Range", b"x=-9")),
    *((b"X-Forwarded-For", b"127.0.0.1, ::1"), (b"X-Forwarded-For", b"<hostile>" * 99)),
    *((b"X-Forwarded-Host", b"evil.example"), (b"X-Forwarded-Proto", b"javascript")),
    *((b"Forwarded", b"for=x;host=evil.example"), (b"X-Original-URL", b"/inbox")),
    (b"X-Rewrite-URL", b"/inbox"),
    *((b"X-HTTP-Method-Override", b"DELETE"), (b"X-Method-Override", b"PUT")),
    (b"X-Request-ID", b"<hostile>"),
    *((b"X-Request-ID", b"a" * 9000), (b"Referer", b"javascript:hostile()")),
    (b"User-Agent", b"<hostile onhostile=1>"),
    *((b"User-Agent", b"() { :;}; echo hostile"), (b"User-Agent", b"a" * 9000)),
    (b"Cookie", b"a=" + b"b" * 9000),
    (b"Authorization", b"Basic " + b"Og==" * 900),
    (b"Authorization", b"Bearer eyJhbGciOiJub25lIn0.e30."),
    *((b"Origin", b"https://evil.example"), (b"Origin", b"null")),
    (b"Origin", b"http://127.0.0.1.evil.example"),
    *((b"Sec-Fetch-Site", b"cross-site"), (b"Sec-Fetch-Site", b"same-site")),
    (b"Sec-Fetch-Site", b"\xff"),
    *((b"Upgrade", b"h2c"), (b"Upgrade", b"websocket")),
    (b"Connection", b"Upgrade, X-Forwarded-For"),
    *((b"Expect", b"200-ok"), (b"TE", b"trailers"), (b"Trailer", b"Host")),
    (b"Content-Encoding", b"gzip"),
    *((b"Content-Length", b"0"), (b"Max-Forwards", b"0"), (b"Via", b"1.1 evil")),
    (b"Accept", b"image/" * 900),
    *((b"Purpose", b"prefetch"), (b"X-Wap-Profile", b"http://evil.example/")),
    (b"Proxy", b"evil.example:80"),
    *((b"X" * 9000, b"1"), (b"X-Empty", b""), (b"X-Bytes", bytes(range(128, 256)))),
    (b"X-Tab", b"a\tb"),
)
"""Headers for every route."""

COOKIES = (
    *("inbox=", "inbox", "inbox=;", "inbox=null", "inbox=0", "inbox=true", "inbox=admin"),
    "inbox='--",
    *("inbox=' OR '1'='1", "inbox=\0"[:6], "inbox=" + "a" * 43, "inbox=" + "A" * 9000),
    "inbox=%00%ff",
    *("__Host-inbox=x", "__Secure-inbox=x", " inbox = x", "inbox=a; inbox=b", "inbox=<hostile>"),
    *('inbox="\\"\\\\' + "\\" * 4000 + '"', "inbox={{ 1234*5678 }}", "inbox=1; " * 900, ";;;;=;="),
    "=",
    *("session=eyJhZG1pbiI6dHJ1ZX0", "inbox=\xff\xfe", 'inbox="\\377\\000"'),
    "inbox=../../portal.db",
    *("$Version=1; inbox=x", "inbox=x, inbox=y", "INBOX=x", "inbox=x\ty", "inbox=" + "9" * 400),
)
"""Cookies of sessions that nobody began."""

METHODS = (
    *(b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"TRACE", b"PROPFIND", b"MKCOL", b"LOCK"),
    *(b"SEARCH", b"PURGE", b"REPORT", b"LINK", b"SOURCE", b"M-SEARCH", b"NOTIFY", b"SUBSCRIBE"),
)
"""Methods that change nothing here, whatever they do elsewhere."""

URLENCODED = b"application/x-www-form-urlencoded"
MULTIPART = b"multipart/form-data; boundary=b"


def part(head: bytes, value: bytes = b"hej", end: bytes = b"--b--\r\n") -> bytes:
    """A multipart body of one part."""
    return b"--b\r\n" + head + b"\r\n\r\n" + value + b"\r\n" + end


_NAMED = b'Content-Disposition: form-data; name="message"'
BODIES = (
    # No form, or none that a browser sends.
    *((b"application/json", b'{"message": "hej"}'), (b"application/json", b"[" * 100_000)),
    *((b"text/plain", b"message=hej"), (b"", b"message=hej")),
    (b"application/xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]>"),
    *((b"\xff\xfe", b"x"), (b"multipart/form-data", b"x")),
    (b"multipart/mixed; boundary=b", part(_NAMED)),
    (b"application/x-www-form-urlencoded;" + b" x=" * 3000, b"a=b"),
    (b"text/html", b"<hostile>"),
    # Urlencoded.
    *((URLENCODED, body) for body in (b"", b"&", b"=", b"%", b"message")),
    (URLENCODED, b"&&&&message=hej&&&message=hej"),
    *((URLENCODED, body) for body in (b"message=hej&message=hej", b"=hej", b"message=%ff")),
    *((URLENCODED, body) for body in (b"message=%", b"%00=%00")),
    *((URLENCODED, b"a=b&" * 60_000), (URLENCODED, b"&" * 250_000), (URLENCODED, b"%" * 250_000)),
    *((URLENCODED, b"message=" + b"+" * 250_000), (URLENCODED, b"message=" + b"%CC%81" * 40_000)),
    (URLENCODED, b"message=" + b"a%CC%81%CC%A3" * 19_000),
    (URLENCODED, b"=".join([b"a"] * 100_000)),
    (URLENCODED, b"do=note&note=hej&do=save"),
    (URLENCODED, b"do=note&note=hej&" + b"&".join(b"f%d=" % n for n in range(60))),
    (URLENCODED, b"message[]=hej&message[0][a]=b"),
    (URLENCODED + b"; charset=utf-16", b"message=hej"),
    (URLENCODED + b"; charset=utf-7", b"message=%2BADw-"),
    *((URLENCODED + b"; charset=nonsense", b"message=%c3%a5"), (URLENCODED, b"m\xe5=\xe5")),
    (URLENCODED, b"\0" * 999),
    # Multipart.
    *((MULTIPART, body) for body in (b"", b"--b", b"--b--", b"--b\r\n", b"--b\r\n\r\n")),
    (MULTIPART, b"--b\r\n--b--\r\n"),
    *((MULTIPART, body) for body in (b"preamble\r\n" + part(_NAMED), part(_NAMED) + b"epilogue")),
    (MULTIPART, part(_NAMED) * 2),
    *((MULTIPART, part(_NAMED, end=b"")), (MULTIPART, part(_NAMED, end=b"--b\r\n"))),
    (MULTIPART, part(b"", b"x")),
    (MULTIPART, part(_NAMED).replace(b"\r\n", b"\n")),
    (MULTIPART, part(_NAMED).replace(b"\r\n", b"\r")),
    (MULTIPART, part(_NAMED + b'; filename="a.html"')),
    (MULTIPART, part(_NAMED + b"; filename*=utf-8''a")),
    (MULTIPART, part(_NAMED + b'; name="email"')),
    (MULTIPART, part(b"Content-Disposition: form-data")),
    (MULTIPART, part(b'Content-Disposition: form-data; name="a";b"')),
    (MULTIPART, part(b"Content-Disposition: x")),
    (MULTIPART, part(b'Content-Disposition: form-data; name="message\0"')),
    (MULTIPART, part(_NAMED, b"\0\xff")),
    (MULTIPART, part(b'Content-Disposition: form-data; name="' + b"n" * 9000 + b'"')),
    (MULTIPART, part(b":" * 99)),
    (MULTIPART, part(_NAMED + b"\r\nContent-Transfer-Encoding: base64", b"PGhvc3RpbGU+")),
    (MULTIPART, part(_NAMED + b"\r\nContent-Type: text/plain; charset=utf-16", b"<\0h\0")),
    (MULTIPART, part(_NAMED + b"\r\n folded: x")),
    (MULTIPART, part(_NAMED + b"\r\n" + b"X: y\r\n" * 30_000)),
    *((MULTIPART, b"\r\n--b" * 40_000), (MULTIPART, b"--b\r\n" * 50_000)),
    (MULTIPART, b"\r\n" * 125_000),
    *((MULTIPART, part(_NAMED, b"\r\n--" * 60_000)), (MULTIPART, b"-" * 250_000)),
    (MULTIPART, part(_NAMED, b"\r" * 250_000)),
    (b"multipart/form-data; boundary=", part(_NAMED)),
    (b'multipart/form-data; boundary="b', part(_NAMED)),
    (b"multipart/form-data; boundary=" + b"b" * 9000, b"x"),
    (b"multipart/form-data; boundary=\xff", b"--\xff--"),
    (b'multipart/form-data; boundary="\\"', b'--"--'),
    (b"multipart/form-data; boundary=(a+)+$", b"--" + b"a" * 9000),
    # Larger than a form may be.
    *((URLENCODED, b"message=" + b"a" * 300_000), (MULTIPART, part(_NAMED, b"a" * 300_000))),
    (URLENCODED, b"a" * 1_100_000),
)
"""Whole bodies with their content type, for every route that takes a form."""

MESSAGES = (
    # What is smuggled behind a request is never read as another one.
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Length: 4\r\nContent-Length: 5\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Length: 4, 5\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Length: +4\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Length: -1\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Length: 0x4\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Length: 4e1\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Length: " + b"9" * 400 + b"\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Length : 4\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n",
    b"POST /sv/kontakt HTTP/1.1\r\n{}Origin: null\r\nOrigin: http://127.0.0.1\r\n\r\n",
    # Whose request it is must be certain.
    b"GET /sv/ HTTP/1.1\r\n{}Host: evil.example\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\nConnection: close\r\nHost: evil.example\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\nConnection: close\r\nHost: 127.0.0.1, evil.example\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\nConnection: close\r\nHost: 127.0.0.1@evil.example\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\nConnection: close\r\nHost: 127.0.0.1#.evil.example\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\nConnection: close\r\nHost: evil.example\0127.0.0.1\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\nConnection: close\r\nHost:\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\nConnection: close\r\nHost: \xff\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\nConnection: close\r\n\r\n",
    # What is no HTTP.
    *(b"\r\n\r\n\0\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 90),
    *(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET /sv/\r\n\r\n"),
    *(b"GET /sv/ HTTP/1.1\n{}\n", b"get /sv/ HTTP/1.1\r\n{}\r\n"),
    *(b"GET /sv/ HTTP/1.1 \r\n{}\r\n", b"GET\t/sv/\tHTTP/1.1\r\n{}\r\n", b"GET HTTP/1.1\r\n{}\r\n"),
    *(b"GET /s v/ HTTP/1.1\r\n{}\r\n", b"GET /sv/\0 HTTP/1.1\r\n{}\r\n", b"HELO evil.example\r\n"),
    *(b"GET sv/ HTTP/1.1\r\n{}\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\n{}\r\n"),
    b"GET /sv/ HTTP/1.1\r\n{} folded: x\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\n{}X\0Y: z\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\n{}X: y\0z\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\n{}X: y\rX-Injected: 1\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\n{}: no name\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\n{}no colon\r\n\r\n",
    b"GET /sv/ HTTP/1.1\r\n{}Connection: close\r\n" + b"a:\r\n" * 9000 + b"\r\n",
    b"GET /sv/ HTTP/1.1\r\n{}Connection: close\r\nX: " + b"y" * 40_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n{}Connection: close\r\n\r\n",
    b"GET /inbox?a=" + b"%25" * 12_000 + b" HTTP/1.1\r\n{}Connection: close\r\n\r\n",
)
"""Whole requests that are refused; ``{}`` stands for a good Host line."""

_FORBIDDEN = re.compile(
    rb"<hostile|<svg/|[\"']\s+onhostile=|(?:href|action|src)=.javascript:|7006652"
    rb"|Traceback|site-packages|sqlalchemy|sqlite3|psycopg|jinja2"
)
"""Markup and expressions that were sent and came alive, and words of our insides."""
_LOCATION = re.compile(rb"/(?![/\\])[!-~]*")


class Answer(NamedTuple):
    """A response as it came over the wire."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: bytes) -> bytes:
        """The value of a header, empty where it is not there."""
        return dict(self.headers).get(name, b"")


@dataclass(frozen=True)
class Attack:
    """A request that no browser of a guardian sends."""

    target: bytes
    method: bytes = b"GET"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes | None = None

    @property
    def message(self) -> bytes:
        """The request as it goes over the wire."""
        lines = [b"%s %s HTTP/1.1" % (self.method, self.target)]
        names = {name.lower() for name, _ in self.headers}
        if b"host" not in names:
            lines.append(b"Host: 127.0.0.1")
        lines += [b"%s: %s" % header for header in self.headers]
        if self.body is not None and b"content-length" not in names:
            lines.append(b"Content-Length: %d" % len(self.body))
        return b"\r\n".join(lines) + b"\r\n\r\n" + (self.body or b"")

    def __str__(self) -> str:
        return repr(self.message[:300])


class Attacker:
    """Somebody with one connection, who opens another when it is closed."""

    def __init__(self, portal: Running) -> None:
        self._port = int(portal.address.rpartition(":")[2])
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, attack: Attack) -> Answer:
        """Send a request and read the response; once more where the connection was over."""
        for _ in range(2):
            if self._writer is None:
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                self._writer.write(attack.message)
                answer = await asyncio.wait_for(self._read(attack.method), 20)
                if answer.header(b"connection") == b"close":
                    self.close()
                return answer
            self.close()
        raise AssertionError(f"no answer to {attack}")

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._writer:
            self._writer.close()
        self._reader = self._writer = None

    async def _read(self, method: bytes) -> Answer:
        assert self._reader
        head = await self._reader.readuntil(b"\r\n\r\n")
        start, *lines = head[:-4].split(b"\r\n")
        pairs = [line.partition(b": ")[::2] for line in lines]
        answer = Answer(int(start.split()[1]), pairs, b"")
        if method == b"HEAD" or answer.status == 304:
            return answer
        length = int(answer.header(b"content-length"))
        return answer._replace(body=await self._reader.readexactly(length))


def complaints(answer: Answer) -> Iterator[str]:
    """What is wrong with an answer to anything hostile."""
    names = [name for name, _ in answer.headers]
    if answer.status >= 500:
        yield f"status {answer.status}"
    if not {b"server", b"x-injected"}.isdisjoint(names):
        yield "a header that must not be there"
    for name, value in SECURITY:
        # The page of a case has a stricter Referrer-Policy.
        if names.count(name) != 1 or answer.header(name) not in {value, b"strict-origin"}:
            yield f"header {name!r}"
    if (location := answer.header(b"location")) and not _LOCATION.fullmatch(location):
        yield f"leads to {location!r}"
    if answer.header(b"content-type").startswith(b"text/html"):
        yield from (f"shows {match[0]!r}" for match in _FORBIDDEN.finditer(answer.body))


def quoted(value: str | bytes) -> bytes:
    """A value as it stands in a path, a query or a form, percent-encoded."""
    content = value if isinstance(value, bytes) else value.encode()
    return quote_from_bytes(content, safe="").encode()
