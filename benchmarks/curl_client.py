"""libcurl's multi interface alone: a real HTTP client in C with nothing on top."""

from __future__ import annotations

import time

import pycurl

from benchmarks.bare_client import Speed, encoded, used
from benchmarks.counterpart import ACCOUNT


def measure(port: int, texts: int, lines: int = 200) -> Speed:
    """Post *texts* pre-encoded bodies over *lines* kept-alive connections."""
    begun, cpu = time.perf_counter(), used()
    multi = pycurl.CurlMulti()
    multi.setopt(pycurl.M_MAXCONNECTS, lines)
    body = encoded().partition(b"\r\n\r\n")[2]
    handles = [handle(port, body) for _ in range(lines)]
    left = texts - lines
    for curl, _ in handles:
        multi.add_handle(curl)
    buffers = dict(handles)
    done = 0
    while done < texts:
        multi.perform()
        more = 1
        while more:
            more, finished, failed = multi.info_read()
            assert not failed, failed
            for curl in finished:
                assert curl.getinfo(pycurl.RESPONSE_CODE) == 201
                multi.remove_handle(curl)
                done += 1
                buffers[curl].clear()
                if left > 0:
                    left -= 1
                    multi.add_handle(curl)
        multi.select(1.0)
    return Speed(texts / (time.perf_counter() - begun), (used() - cpu) / texts * 1e6)


def handle(port: int, body: bytes) -> tuple[pycurl.Curl, list[bytes]]:
    curl, buffer = pycurl.Curl(), []
    curl.setopt(pycurl.URL, f"http://127.0.0.1:{port}/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    curl.setopt(pycurl.HTTPHEADER, [f"Authorization: Basic {'a' * 100}", "Expect:"])
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.POSTFIELDS, body)
    curl.setopt(pycurl.WRITEFUNCTION, buffer.append)
    return curl, buffer
