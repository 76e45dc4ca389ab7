"""Lines for `heliograph`: each option of each command, with what it does, and bad input."""

from __future__ import annotations

from typing import NamedTuple

PASSWORD = "four words make one"
HUGE = "9223372036854775808"
ADA = "+33612345678"


class Use(NamedTuple):
    """A line after `heliograph`, what it prints, its exit code, and what is typed into it."""

    line: str
    says: str = ""
    code: int = 0
    typed: str = ""


CONTACTS = [
    Use(f"contacts add --set mobile={ADA} --set first_name=Ada --tag vip", "Added contact 1"),
    Use("contacts add --set mobile=+33612345679 --json", '"id": 2'),
    Use("contacts add --set mobile", "has no =", 1),
    Use("contacts add --set mobile=123", "mobile: '123'", 1),
    Use("contacts add --set nonsense=1", "nonsense", 1),
    Use("contacts edit 1 --set city=Paris", "Contact 1 is changed."),
    Use("contacts edit 999 --set city=Paris", "no contact 999", 1),
    Use(f"contacts edit {HUGE} --set city=Paris", f"{HUGE} is not in the range", 2),
    Use(f"contacts show {ADA} --limit 1 --json", '"city": "Paris"'),
    Use(f"contacts show {ADA}", "Ada"),
    Use(f"contacts show {ADA} --limit 0", "not in the range", 2),
    Use("contacts show +33612999999", "No contact has the number", 1),
    Use("contacts show x", "x", 1),
    Use("contacts find ada --limit 5 --json", ADA),
    Use("contacts find nobody", "Nobody was found."),
    Use(f'contacts dnc {ADA} --comment "asked by phone"', "is on do-not-contact."),
    Use(f"contacts show {ADA} --json", "asked by phone"),
    Use(f"contacts dnc {ADA} --lift", "may be contacted again"),
    Use(f"contacts dnc {ADA} --lift", "is not on do-not-contact", 1),
    Use('contacts add-field size --label "Shoe size" --kind number', "Added the field size"),
    Use("contacts add-field colour --label Colour --kind choice --choice red", "colour (choice)"),
    Use("contacts add-field size --label Again", "size", 1),
    Use("contacts add-field x --label X --kind nonsense", "nonsense", 2),
    Use("contacts fields", "Shoe size"),
    Use("contacts fields --json", '"alias": "colour"'),
    Use("contacts delete-field size", "Aborted", 1, "n\n"),
    Use("contacts delete-field size --yes", "The field size is deleted"),
    Use("contacts delete-field size --yes", "size", 1),
    Use("contacts delete-tag vip", "The tag vip is deleted; 1 contacts had it.", 0, "y\n"),
    Use("contacts delete-tag vip --yes", "vip", 1),
    Use("contacts merge 1 2", "Contact 2 is merged into 1."),
    Use("contacts merge 1 1", "Choose two contacts.", 1),
    Use(f"contacts merge 1 {HUGE}", "not in the range", 2),
    Use("contacts delete 1", "Aborted", 1, "\n"),
    Use("contacts delete 1 --yes", "Contact 1 is deleted."),
    Use("contacts delete 1 --yes", "contact 1", 1),
]
IMPORTS = [
    Use("contacts import {file} --dry-run --region FR --map Wert=city --json", '"contacts": 1'),
    Use("contacts import {file} --dry-run --region FR", "rejected"),
    Use("contacts import {file} --region FR --map Wert=city --segment Fair --json", "finished"),
    Use("contacts import {file} --region FR", "unchanged"),
    Use("contacts import {file} --region Nowhere", "Nowhere", 1),
    Use("contacts import {file} --map Wert=nonsense", "nonsense", 1),
    Use("contacts import {file} --map Nothing=city", "Nothing", 1),
    Use("contacts import /no/such/file.csv", "/no/such/file.csv", 1),
    Use("contacts show +33612345670 --json", '"city": "Lyon"'),
]
SEGMENTS = [
    Use("""segments create Paris --filter '{"field": "city", "operator": "is", "value": "x"}'"""),
    Use("segments create Friends --json", '"members": 0'),
    Use("segments create Friends", "Friends", 1),
    Use("segments create A --filter nonsense", "is not JSON", 1),
    Use("segments create A --filter []", "Begin with {", 1),
    Use("""segments create A --filter '{"field": "no"}'""", "no", 1),
    Use("segments list", "Friends"),
    Use("segments list --json", '"name": "Paris"'),
    Use("segments update --id 1 --json", '"added": 0'),
    Use("segments update", "Paris"),
    Use("segments update --id 999", "999", 1),
    Use(f"segments update --id {HUGE}", "not in the range", 2),
]
MESSAGES = [
    Use("segments create Friends"),
    Use("messages create --name Hi --text Hello --json", '"parts": 1'),
    Use(
        "messages create --name Sale --text 'Hi ☺ https://example.com/a' --segment Friends"
        " --publish-up 2099-01-01T09:00 --publish-down 2099-02-01 --language fr --category sales"
        " --no-track-links",
        "UCS-2",
    ),
    Use("messages create --name P --text 'Hi [firstname]'", "[firstname]", 1),
    Use("messages create --name P --text 'Hi [firstname]' --keep-placeholders", "Made message"),
    Use("messages create --name L --text https://example.com/a --track-links", "Made message"),
    Use("messages create --name A --text Hi --segment Nobody", "Nobody", 1),
    Use("messages create --name A --text Hi --segment 1 --publish-up soon", "is not a time", 1),
    Use("messages create --name A --text {contactfield=no}", "no", 1),
    Use("messages create --name '' --text Hi", "name", 1),
    Use("messages list", "Sale"),
    Use("messages list --json", '"track_links": false'),
    Use("messages test 1 --to +33612345678", "+33612345678: accepted."),
    Use("messages test 1 --to +33612345678 --json", '"status": "accepted"'),
    Use("messages test 1 --to x", "x", 1),
    Use("messages test 999 --to +33612345678", "999", 1),
    Use(f"messages test {HUGE} --to +33612345678", "not in the range", 2),
]
BROADCASTS = [
    Use("contacts import {file} --region FR --segment Fair"),
    Use("messages create --name Sale --text Hello --segment Fair --publish-up now"),
    Use("broadcasts send --thread-id 1", "go together", 2),
    Use("broadcasts send --thread-id 2 --max-threads 1", "go together", 2),
    Use("broadcasts send --limit 0", "not in the range", 2),
    Use(f"broadcasts send --id {HUGE}", "not in the range", 2),
    Use("broadcasts send --id 999", "999", 1),
    Use("broadcasts send --min-contact-id 900 --max-contact-id 901 --json", '"open": 1'),
    Use("broadcasts pause 1", "Broadcast 1 is paused."),
    Use("broadcasts resume 1", "Broadcast 1 is"),
    Use("broadcasts send --id 1 --limit 5 --batch 1 --thread-id 1 --max-threads 1", "1 accepted"),
    Use("broadcasts send", "Nothing is due."),
    Use("broadcasts list", "Sale"),
    Use("broadcasts list --json", '"accepted": 1'),
    Use("broadcasts show 1", "Sale"),
    Use("broadcasts show 1 --json", '"recipients": 1'),
    Use("broadcasts show 999", "999", 1),
    Use("broadcasts resend 1 --kind transient", "0 texts of broadcast 1"),
    Use("broadcasts settle 1", "None: all is clear."),
    Use("broadcasts settle 1 --json", "[]"),
    Use("broadcasts settle 1 --as failed", "0 texts were settled as failed."),
    Use("broadcasts settle 1 --as nonsense", "nonsense", 2),
    Use("broadcasts cancel 1", "is finished and cannot be cancelled", 1),
    Use("messages create --name Late --text Hi --segment Fair --publish-up 2099-01-01"),
    Use("broadcasts cancel 2", "Broadcast 2 is cancelled."),
    Use("broadcasts pause 2", "is cancelled and cannot be paused", 1),
]
BOUNDS = (
    " --contact-ids 1,2 --min-contact-id 1 --max-contact-id 9 --thread-id 1 --max-threads 1"
    " --exclude 99 --batch-limit 5"
)
CAMPAIGNS = [
    Use("contacts import {file} --region FR --segment Fair"),
    Use("campaigns list", "None yet. Draw one on its page."),
    Use("{draw}"),
    Use("campaigns list --json", '"published": false'),
    Use("campaigns show 1", "Welcome"),
    Use("campaigns show 1 --json", '"findings"'),
    Use("campaigns show 999", "999", 1),
    Use(f"campaigns show {HUGE}", "not in the range", 2),
    Use("campaigns rebuild --campaign-id 1", "does not run now", 1),
    Use(
        "campaigns simulate --campaign-id 1 --contacts 1 --made-up Asia/Tokyo --start 2099-01-05"
        " --days 10 --answer 1:2h:YES --click 1:1h --stop 2:3d --fail 2:0m:undelivered"
        " --outage 3d:20h",
        "Made up 1",
    ),
    Use("campaigns simulate --campaign-id 1 --json", '"entries"'),
    Use("campaigns simulate --campaign-id 1 --published", "was never published", 1),
    Use("campaigns simulate --campaign-id 1 --answer 9:2h:YES", "none of the contacts", 1),
    Use("campaigns simulate --campaign-id 1 --stop 1:soon", "is no delay", 1),
    Use("campaigns simulate --campaign-id 1 --days 0", "not in the range", 2),
    Use("campaigns publish 1 --keep-placeholders", "is published, version 1."),
    Use("campaigns rebuild --contact-ids x", "is no id", 1),
    Use("campaigns rebuild --thread-id 2", "go together", 2),
    Use(f"campaigns rebuild --contact-id 1 --max-contacts 5{BOUNDS} --json", '"joined": 1'),
    Use("campaigns rebuild", "Welcome"),
    Use("campaigns trigger --kickoff-only --scheduled-only", "give one of", 2),
    Use(f"campaigns trigger --kickoff-only --contact-id 1 --campaign-limit 5{BOUNDS}", "1 begun"),
    Use("campaigns trigger --scheduled-only --json", '"steps"'),
    Use("campaigns trigger --inactive-only --campaign-id 1", "0 begun, 0 steps"),
    Use("campaigns trigger --campaign-limit 0", "not in the range", 2),
    Use("campaigns settle 1", "None: all is clear."),
    Use("campaigns settle 1 --as sent", "0 texts were settled as sent."),
    Use("campaigns settle 1 --json", "[]"),
    Use("campaigns settle 999 --as sent", "999", 1),
    Use("campaigns unpublish 1", "Campaign 1 is held."),
    Use("campaigns publish 999", "999", 1),
]
USERS = [
    Use("user list", "Nobody yet."),
    Use("user create ann@example.com --password-stdin", "(admin)", 0, f"{PASSWORD}\n"),
    Use("user create bob@example.com --role reader", "(reader)", 0, f"{PASSWORD}\n" * 2),
    Use("user create ann@example.com --password-stdin", "is taken", 1, f"{PASSWORD}\n"),
    Use("user create eve@example.com --password-stdin", "too short", 1, "x\n"),
    Use("user create eve@example.com --password-stdin", "easy to guess", 1, "password12\n"),
    Use("user create nonsense --password-stdin", "e-mail address", 1, f"{PASSWORD}\n"),
    Use("user create eve@example.com --role boss", "boss", 2),
    Use("user password ann@example.com --password-stdin", "new password", 0, "x7Gq2pLw9z\n"),
    Use("user password bob@example.com", "new password", 0, "x7Gq2pLw9z\n" * 2),
    Use("user password eve@example.com --password-stdin", "no user 'eve", 1, f"{PASSWORD}\n"),
    Use("user unlock Ann@Example.com", "may try again"),
    Use("user unlock eve@example.com", "Run: heliograph user list", 1),
    Use("user list", "bob@example.com"),
    Use("user list --json", '"role": "reader"'),
]
OPERATIONS = [
    Use("--version", "heliograph"),
    Use("--help", "Settings come from the environment"),
    Use("nonsense", "No such command", 2),
    Use("db upgrade", "The schema is at"),
    Use("secrets rotate", "Secrets of"),
    Use("doctor --json", '"level"', -1),  # whatever it finds
    Use("jobs list", "accounts.sweep"),
    Use("jobs list --json", '"every": "600 s"'),
    Use("jobs run accounts.sweep", "nothing to do"),
    Use("jobs run nonsense", "nonsense", 1),
    Use("settings list --json", '"key": "timezone"'),
    Use("settings set timezone Europe/Paris --json", '"changed": true'),
    Use("settings set timezone Mars/Phobos", "Mars/Phobos", 1),
    Use("settings unset timezone --json", '"value": "UTC"'),
    Use("settings unset nonsense", "nonsense", 1),
    Use("actions list", "core.webhook"),
    Use("actions list --json", '"config"'),
    Use("contacts add --set mobile=+33612345678"),
    Use("actions run core.add_dnc --contact +33612345678 --set comment=asked", "done"),
    Use("actions run core.add_dnc --contact +33612345678 --set comment=x --json", '"result"'),
    Use("actions run core.add_dnc --contact +33612345678 --set x", "has no =", 1),
    Use("actions run core.nonsense --contact +33612345678", "core.nonsense", 1),
    Use("actions run core.add_dnc --contact +33612999999", "No contact", 1),
]
PLUGINS = [
    Use("plugins list --json", '"name": "recorder"'),
    Use("plugins reload --json", '"name": "recorder"'),
    Use("plugins enable simulator --default", "go through simulator from now on"),
    Use("plugins enable nonsense", "no plugin 'nonsense'", 1),
    Use("plugins configure simulator sender=Shop --json", '"sender": "Shop"'),
    Use("plugins configure simulator", "sender = Shop"),
    Use("plugins configure simulator sender", "has no =", 1),
    Use("plugins configure simulator delay_seconds=soon", "delay_seconds", 1),
    Use("plugins configure simulator sendr=x", "Did you mean sender", 1),
    Use("plugins check simulator", "callback url"),
    Use("plugins check simulator --json", '"ok": true'),
    Use("plugins check twilio", "incomplete", 1),
    Use("messages create --name Hi --text Hello"),
    Use("messages test 1 --to +33612345678", "accepted"),
    Use("simulator texts", "Hello"),
    Use("simulator texts --number +33612345678 --limit 1 --json", '"direction": "out"'),
    Use("simulator texts --number +33612999999", "No phone has received"),
    Use("simulator texts --limit 0", "not in the range", 2),
    Use("simulator reply +33612345678 STOP", "answered"),
    Use("simulator reply 0612 STOP", "is not written in full", 1),
    Use("plugins disable simulator", "go through recorder"),
    Use("simulator texts", "is disabled", 1),
]
GROUPS = {
    "contacts": CONTACTS,
    "imports": IMPORTS,
    "segments": SEGMENTS,
    "messages": MESSAGES,
    "broadcasts": BROADCASTS,
    "campaigns": CAMPAIGNS,
    "users": USERS,
    "operations": OPERATIONS,
    "plugins": PLUGINS,
}
