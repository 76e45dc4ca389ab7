"""A large installation on PostgreSQL, made by SQL in one go."""

from __future__ import annotations

from sqlalchemy import text

from heliograph.broadcasts.counts import count_due_broadcasts
from heliograph.db import db, transaction
from heliograph.figures import refresh_figures
from heliograph.links.counts import count_new_clicks
from heliograph.segments import create_segment
from heliograph.segments.models import Segment

BROADCASTS, DAYS = 20, 90

PEOPLE = """
INSERT INTO contacts (mobile, number_status, first_name, last_name, email, company, city, country,
    locale, timezone, custom, created_at, updated_at)
SELECT '+336' || lpad(n::text, 8, '0'), 'ok',
    (ARRAY['Ada','Grace','Joan','Alan','Katherine','Edsger','Barbara'])[1 + n % 7] || n % 1000,
    (ARRAY['Lovelace','Hopper','Clarke','Turing','Johnson'])[1 + n % 5] || n % 5000,
    'person' || n || '@example.com', CASE WHEN n % :rare = 0 THEN 'Acme' ELSE 'Company ' || n END,
    'Paris', 'FR', '', '', '{}',
    now() - n * interval '1 second', now() - n * interval '1 second'
FROM generate_series(1, :contacts) n
"""
TAGS = (
    "INSERT INTO tags (name) VALUES ('vip'), ('newsletter')",
    "INSERT INTO contact_tags (contact_id, tag_id) SELECT c.id, t.id FROM contacts c, tags t"
    " WHERE (t.name = 'vip' AND c.company = 'Acme') OR (t.name = 'newsletter' AND c.id % 2 = 0)",
)
MEMBERS = """
INSERT INTO segment_members (segment_id, contact_id, origin, added_at)
SELECT :segment, id, 'hand', now() FROM contacts WHERE id % :every = 0
"""
MESSAGES = (
    "INSERT INTO text_messages (id, name, text, type, language, category, published, created_at,"
    " updated_at, publish_up) SELECT n, 'Message ' || n, 'Hello there', 'segment', 'en', '', true,"
    " now(), now(), now() - interval '90 days' FROM generate_series(1, 20) n",
    "INSERT INTO text_message_segments (message_id, segment_id) SELECT id, 1 FROM text_messages",
    "INSERT INTO broadcasts (id, status, reason, text, provider, sender, planned_at, started_at,"
    " finished_at, created_at) SELECT n, 'finished', '', 'Hello there', 'simulator', 'Me',"
    " now() - n * interval '4 days', now() - n * interval '4 days',"
    " now() - n * interval '4 days', now() FROM generate_series(1, 20) n",
    "SELECT setval('text_messages_id_seq', 100)",
)
TEXTS = """
INSERT INTO deliveries (source, source_id, broadcast_id, message_id, recipient_id, contact_id,
    number, provider, sender, text, encoding, parts, status, reason, detail, error_code, attempts,
    provider_id, currency, created_at, attempted_at, accepted_at, final_at)
SELECT 'broadcast', b, b, b, c.id, c.id, c.mobile, 'simulator', 'Me', 'Hello there', 'gsm7', 1,
    CASE WHEN c.lost THEN 'undelivered' ELSE 'delivered' END,
    CASE WHEN c.lost THEN 'unreachable' ELSE '' END, '', '', 1, 'p' || b || '-' || c.id, '',
    at, at, at, at
FROM generate_series(1, 20) b
CROSS JOIN LATERAL (
    SELECT id, mobile, (id / 4) % (:each / 100 + 1) = 0 AS lost,
        now() - b * interval '4 days' + id * interval '50 milliseconds' AS at
    FROM contacts WHERE id % 4 = b % 4 LIMIT :each
) c
"""
LINKS = """
INSERT INTO links (message_id, url, created_at, clicks, contacts, machines)
SELECT m, 'https://shop.example/' || n, now(), 0, 0, 0
FROM generate_series(1, 20) m CROSS JOIN generate_series(1, 2) n
"""
CLICKS = """
INSERT INTO clicks (link_id, delivery_id, contact_id, kind, device, at)
SELECT l.id, d.id, d.contact_id, CASE WHEN d.id % 5 = 0 THEN 'robot' ELSE 'person' END, 'iphone',
    d.attempted_at + interval '1 minute'
FROM links l JOIN deliveries d ON d.broadcast_id = l.message_id WHERE (d.id + l.id) % 3 = 0
"""
REPLIES = """
INSERT INTO replies (provider, provider_id, number, "to", text, media, opt, contact_id,
    received_at)
SELECT 'simulator', 'r' || id, mobile, 'Me', 'Thanks', '[]', '', id,
    now() - id * interval '5 seconds'
FROM contacts WHERE id % 10 = 0
"""
DNC = (
    "INSERT INTO dnc (channel, number, reason, comment, source, created_at)"
    " SELECT 'sms', mobile, 'unsubscribed', '', '', now() - id * interval '7 seconds'"
    " FROM contacts WHERE id % 10 = 0",
    "INSERT INTO dnc_changes (channel, number, change, reason, comment, source, at)"
    " SELECT channel, number, 'on', reason, '', '', created_at FROM dnc",
)


def make_crowd(contacts: int, deliveries: int) -> None:
    """Fill the current installation; the jobs that keep counts for pages run once."""
    create_segment("Everybody")
    create_segment("A few")
    every = {1: 1, 2: max(2, contacts // 500)}
    with transaction() as session:
        # as many of what is rare, however many there are: full pages of the same length
        session.execute(text(PEOPLE), {"contacts": contacts, "rare": max(1, contacts // 100)})
        for statement in (*TAGS, *MESSAGES):
            session.execute(text(statement))
        for segment, step in every.items():
            session.execute(text(MEMBERS), {"segment": segment, "every": step})
            session.get_one(Segment, segment).member_count = contacts // step
        session.execute(text(TEXTS), {"each": deliveries // BROADCASTS})
        for statement in (LINKS, CLICKS, REPLIES, *DNC):
            session.execute(text(statement))
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    refresh_figures()
    count_due_broadcasts()
    count_new_clicks()
    db.session.commit()


# each list, profile and dashboard page, as a person opens it
VISITS = {
    "dashboard": "/",
    "contacts": "/contacts/",
    "contacts, second page": "/contacts/?before={middle}",
    "contacts by rare name": "/contacts/?q=acme",
    "contacts by common name": "/contacts/?q=grace",
    "contacts by two names": "/contacts/?q=hopper ada",
    "contacts by number": "/contacts/?q=06 0000 0012",
    "contacts by e-mail": "/contacts/?q=person12@",
    "contacts by common tag": "/contacts/?q=tag:newsletter",
    "contacts by rare tag": "/contacts/?q=tag:vip",
    "contacts of a segment": "/contacts/?segment=1",
    "contacts of a small segment": "/contacts/?segment=2",
    "profile": "/contacts/{middle}",
    "do-not-contact": "/contacts/dnc",
    "imports": "/imports/",
    "segments": "/segments/",
    "segment": "/segments/1",
    "messages": "/messages/",
    "message": "/messages/1",
    "broadcasts": "/broadcasts/",
    "broadcast": "/broadcasts/1",
    "texts of a broadcast": "/broadcasts/1/texts",
    "failed texts of it": "/broadcasts/1/texts?status=undelivered",
    "left out of it": "/broadcasts/1/skipped?reason=dnc",
    "inbox": "/inbox/",
    "audit log": "/admin/audit/",
}
