"""Making, drawing, publishing and finding campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypedDict, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from heliograph.campaigns.canvas import Canvas, read_canvas
from heliograph.campaigns.checks import ERROR, Finding, check_canvas
from heliograph.campaigns.events import EventTypes
from heliograph.campaigns.models import Campaign, CampaignStep, CampaignVersion
from heliograph.campaigns.publication import follow_canvas
from heliograph.campaigns.rounds import plans_of, quick_rounds
from heliograph.campaigns.sending import release_texts
from heliograph.contacts.profile import LARGEST_ID
from heliograph.contacts.values import parse_text, parse_timezone
from heliograph.db import change_rows, db, refuse_changed, transaction, utcnow
from heliograph.errors import BadInput, Changed, Conflict, NotFound
from heliograph.installation import current_zone

MAX_NAME, MAX_NOTE, MAX_DESCRIPTION = 120, 200, 5000
LATE, MAX_LATE = 24, 24 * 365
COPIED = ("description", "allow_restart", "timezone", "late_hours")


class NotReady(Conflict):
    """The canvas cannot be published as it is."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = [one for one in findings if one.level == ERROR]
        first = self.findings[0]
        more = len(self.findings) - 1
        rest = f" And {more} more." if more else ""
        super().__init__(f"The campaign cannot be published. {first.words} {first.mend}{rest}")


class CampaignFacts(TypedDict, total=False):
    """`late_hours` None leaves nothing out, however late it is."""

    name: str
    description: str
    allow_restart: bool
    timezone: str
    late_hours: int | None
    publish_up: datetime | None
    publish_down: datetime | None


def create_campaign(**facts: Unpack[CampaignFacts]) -> Campaign:
    """Make a campaign with an empty canvas, not published; raises BadInput."""
    given = checked({"name": "", "late_hours": LATE} | facts)
    now = utcnow()
    campaign = Campaign(**given, draft=Canvas().stored(), created_at=now, updated_at=now)
    with transaction() as session:
        session.add(campaign)
    return campaign


def edit_campaign(
    campaign_id: int, *, seen: datetime | None = None, **facts: Unpack[CampaignFacts]
) -> Campaign:
    """Change what is no canvas; raises BadInput, NotFound.

    Raises Changed when it is no longer as it was with `updated_at` *seen*.
    """
    with transaction() as session:
        campaign = locked_campaign(session, campaign_id)
        refuse_changed(seen, campaign.updated_at)
        now = utcnow()
        was_open = campaign.is_open(now)
        note_end(campaign, now)
        may_return = campaign.allow_restart
        for name, value in checked(facts, campaign).items():
            setattr(campaign, name, value)
        if campaign.published and campaign.allow_restart and not may_return:
            refuse_rounds(session, campaign)
        campaign.updated_at = now
        if campaign.published and campaign.is_open(now) != was_open:
            note_turn(campaign, now)
        session.flush()
    return campaign


def refuse_rounds(session: Session, campaign: Campaign) -> None:
    """Raise BadInput when contacts that may begin anew would go round for ever."""
    session.flush()
    canvas = read_canvas(session.get_one(CampaignVersion, campaign.version_id).canvas)
    for event in quick_rounds(canvas, campaign, plans_of(canvas), EventTypes()):
        words = f"would never end: {event.name or event.key!r} adds to one that leads back here"
        mend = "Let an event wait before it, and publish that first."
        raise BadInput("allow_restart", words, mend=mend)


def note_turn(campaign: Campaign, now: datetime) -> None:
    """It is held from now on, or goes on from now on."""
    if campaign.is_open(now):
        campaign.published_at, campaign.rebuild_due_at = now, None
        release_texts(campaign.id)
    else:
        campaign.held_at = now


def note_end(campaign: Campaign, now: datetime) -> None:
    """It is held since its last day, when that has passed by itself."""
    end, begun = campaign.publish_down, campaign.published_at
    if campaign.published and end and begun and begun < end <= now:
        campaign.held_at = max(end, campaign.held_at or end)


def get_campaign(campaign_id: int) -> Campaign:
    """The campaign; raises NotFound."""
    known = 0 < campaign_id <= LARGEST_ID
    found = db.session.get(Campaign, campaign_id, populate_existing=True) if known else None
    if found is None:
        raise NotFound(f"There is no campaign {campaign_id}. Run: heliograph campaigns list")
    return found


def list_campaigns() -> Sequence[Campaign]:
    """All campaigns, the newest first."""
    query = select(Campaign).order_by(Campaign.id.desc())
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


class Editing(NamedTuple):
    """A save of somebody who draws: one open builder is one session, and numbers its saves."""

    session: str
    number: int


def save_draft(campaign_id: int, canvas: object, *, seen: int, by: Editing | None = None) -> int:
    """Keep what was drawn, faults and all; returns the version of the draft.

    *seen* is the version that it was made from: raises Changed when another one is
    there, but for one that the same session saved. Of its saves the newest counts, in
    whatever order they come: an older one is left out. Raises BadInput for what is no canvas.
    """
    drawn = read_canvas(canvas).stored()
    with transaction() as session:
        campaign = locked_campaign(session, campaign_id)
        own = by is not None and by.session == campaign.draft_session
        if own and by is not None and by.number <= campaign.draft_number:
            return campaign.draft_version
        if not own and campaign.draft_version != seen:
            raise Changed
        campaign.draft = drawn
        campaign.draft_version += 1
        campaign.draft_session, campaign.draft_number = by or ("", 0)
        session.flush()
        return campaign.draft_version


def check_draft(campaign_id: int) -> list[Finding]:
    """All that is wrong with what is drawn now."""
    campaign = get_campaign(campaign_id)
    canvas = read_canvas(campaign.draft)
    return check_canvas(canvas, campaign_id=campaign_id, zone=zone_of(campaign))


def publish(
    campaign_id: int, *, user: str = "", note: str = "", seen: int | None = None
) -> CampaignVersion:
    """Let members go through what is drawn now; kept as a version.

    Raises NotReady with the findings, and Changed when the draft is no longer the
    version *seen*. Members stay where they stand: see `follow_canvas`.
    """
    from heliograph.uses import while_naming  # noqa: PLC0415

    note = parse_text(note, "note", MAX_NOTE)
    with transaction() as session:
        while_naming()
        campaign = locked_campaign(session, campaign_id)
        if seen is not None and campaign.draft_version != seen:
            raise Changed
        canvas = read_canvas(campaign.draft)
        findings = check_canvas(canvas, campaign_id=campaign_id, zone=zone_of(campaign))
        if any(finding.level == ERROR for finding in findings):
            raise NotReady(findings)
        version = kept_version(session, campaign, user, note)
        follow_canvas(session, campaign, canvas)
        now = utcnow()
        if not campaign.published:
            campaign.published, campaign.published_at = True, now
            release_texts(campaign_id)
        campaign.version_id, campaign.updated_at = version.id, now
        campaign.rebuild_due_at = None
        session.flush()
    return version


def kept_version(session: Session, campaign: Campaign, user: str, note: str) -> CampaignVersion:
    """The canvas as a version: the last one, when nothing was drawn since."""
    last = session.scalars(
        select(CampaignVersion)
        .where(CampaignVersion.campaign_id == campaign.id)
        .order_by(CampaignVersion.number.desc())
        .limit(1)
    ).first()
    if last is not None and last.canvas == campaign.draft and not note:
        return last
    version = CampaignVersion(
        campaign_id=campaign.id,
        number=last.number + 1 if last else 1,
        canvas=campaign.draft,
        note=note,
        user=user[:254],
        created_at=utcnow(),
    )
    session.add(version)
    session.flush()
    return version


def unpublish(campaign_id: int) -> Campaign:
    """Hold it: members stay where they stand, and nothing happens to them."""
    with transaction() as session:
        campaign = locked_campaign(session, campaign_id)
        if campaign.published:
            now = campaign.updated_at = utcnow()
            note_end(campaign, now)
            if campaign.is_open(now):
                campaign.held_at = now
            campaign.published = False
        session.flush()
    return campaign


def list_versions(campaign_id: int) -> Sequence[CampaignVersion]:
    """What was published, the newest first."""
    get_campaign(campaign_id)
    query = select(CampaignVersion).where(CampaignVersion.campaign_id == campaign_id)
    return db.session.scalars(query.order_by(CampaignVersion.number.desc())).all()


def restore(campaign_id: int, number: int, *, seen: int) -> int:
    """Make version *number* the draft; returns the new version of the draft."""
    query = select(CampaignVersion.canvas).where(
        CampaignVersion.campaign_id == campaign_id, CampaignVersion.number == number
    )
    canvas = db.session.scalar(query) if 0 < number <= LARGEST_ID else None
    if canvas is None:
        get_campaign(campaign_id)
        raise NotFound(f"Campaign {campaign_id} has no version {number}.")
    return save_draft(campaign_id, canvas, seen=seen)


def clone_campaign(campaign_id: int) -> Campaign:
    """A copy of what is drawn, not published and without members."""
    source = get_campaign(campaign_id)
    facts: Any = {name: getattr(source, name) for name in COPIED}
    copy = create_campaign(name=f"{source.name[: MAX_NAME - 7]} (copy)", **facts)
    save_draft(copy.id, source.draft, seen=0)
    return get_campaign(copy.id)


def delete_campaign(campaign_id: int) -> None:
    """Delete it with all that members did in it.

    Raises Conflict while it is published, and while another one names it.
    """
    # here, not above: what names campaigns is built on them
    from heliograph.uses import CAMPAIGNS, Thing, refuse_used, while_deleting  # noqa: PLC0415

    with transaction() as session:
        while_deleting()
        campaign = locked_campaign(session, campaign_id)
        if campaign.published:
            raise Conflict(f"Campaign {campaign_id} is published. Unpublish it first.")
        refuse_used(Thing(CAMPAIGNS, campaign_id), f"The campaign {campaign.name!r}")
        change_rows(delete(CampaignStep).where(CampaignStep.campaign_id == campaign_id))
        session.expunge(campaign)
        change_rows(delete(Campaign).where(Campaign.id == campaign_id))


def zone_of(campaign: Campaign) -> ZoneInfo:
    """Where its contacts without a zone are taken to be."""
    return ZoneInfo(campaign.timezone) if campaign.timezone else current_zone()


def locked_campaign(session: Session, campaign_id: int) -> Campaign:
    get_campaign(campaign_id)
    query = select(Campaign).where(Campaign.id == campaign_id).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(f"There is no campaign {campaign_id}. Run: heliograph campaigns list")
    return found


def checked(facts: Mapping[str, Any], campaign: Campaign | None = None) -> dict[str, Any]:
    """The facts, cleaned; raises BadInput."""
    unknown = facts.keys() - CampaignFacts.__annotations__.keys()
    if unknown:
        raise BadInput("campaign", "has no such setting", value=sorted(unknown)[0])
    found = dict(facts)
    if "name" in found:
        found["name"] = parse_text(found["name"], "name", MAX_NAME)
        if not found["name"]:
            raise BadInput("name", "is empty", mend="Enter a name for yourself.")
    if "description" in found:
        found["description"] = parse_text(found["description"], "description", MAX_DESCRIPTION)
    if found.get("timezone"):
        found["timezone"] = parse_timezone(found["timezone"].strip(), "timezone")
    late = found.get("late_hours")
    if late is not None and not 0 <= late <= MAX_LATE:
        mend = f"Use 0 to {MAX_LATE} hours, or nothing to leave no text out."
        raise BadInput("late_hours", "is out of range", value=late, mend=mend)
    up = found.get("publish_up", campaign.publish_up if campaign else None)
    down = found.get("publish_down", campaign.publish_down if campaign else None)
    if up and down and down <= up:
        mend = "Choose a later time."
        raise BadInput("publish_down", "is not after publish_up", value=down, mend=mend)
    return found
