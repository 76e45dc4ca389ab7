"""Who asks for a link: a person, or a machine that looks before the person does.

Networks scan links while they carry a text, phones and apps fetch a preview,
search engines follow what they find. Counted as people they would drown them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from heliograph.links.models import EARLY, HEAD, PERSON, PREFETCH, ROBOT, TEST

EARLY_SECONDS = 3  # nobody reads and taps that soon after the text was handed over
LONGEST = 500

# previews, scanners of mail and networks, search engines, libraries and tools
ROBOTS = re.compile(
    r"(?<!cu)bot(?:\b|_)|crawl|spider|slurp|preview|scanner|scanning|fetch|monitor|headless"
    r"|facebookexternalhit|whatsapp/|skypeuripreview|embedly|vkshare|google-|mediapartners"
    r"|archive\.org|urlscan|virustotal|proofpoint|mimecast|barracuda|zscaler|symantec|fortinet"
    r"|forcepoint|sophos|paloalto|cloudmark|adaptivemobile|safelinks|ms-office|microsoft office"
    r"|curl/|wget|python|java/|go-http|okhttp|httpclient|http_request|libwww|perl|ruby|axios"
    r"|node\.js|undici|guzzle|postman|insomnia|phantomjs|selenium|playwright|puppeteer|lighthouse",
    re.IGNORECASE,
)
PURPOSES = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
AHEAD = ("prefetch", "preview", "prerender")
DEVICES = (
    ("iphone", re.compile(r"iPhone|iPod|iPad")),
    ("android", re.compile(r"Android")),
    ("desktop", re.compile(r"Windows NT|Macintosh|X11|CrOS")),
)


def kind_of(
    method: str, headers: Mapping[str, str], *, sent_at: datetime | None, now: datetime, test: bool
) -> str:
    """What asked: person, test (a person with a test text), or the sign of a machine."""
    agent = headers.get("User-Agent", "")[:LONGEST]
    if method == "HEAD":
        return HEAD
    if any(word in headers.get(name, "").lower() for name in PURPOSES for word in AHEAD):
        return PREFETCH
    if not agent.strip() or ROBOTS.search(agent):
        return ROBOT
    if sent_at is None or now - sent_at < timedelta(seconds=EARLY_SECONDS):
        return EARLY
    return TEST if test else PERSON


def device_of(agent: str) -> str:
    """iphone, android, desktop or other, by the User-Agent."""
    for device, pattern in DEVICES:
        if pattern.search(agent[:LONGEST]):
            return device
    return "other"
