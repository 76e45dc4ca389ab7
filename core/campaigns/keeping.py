"""What other tools would fill, kept on purpose in the texts of a drawn campaign."""

from __future__ import annotations

from heliograph.campaigns.canvas import read_canvas
from heliograph.campaigns.library import check_draft, get_campaign, save_draft


def keep_placeholders_of(campaign_id: int) -> int:
    """Have the draft's own texts sent as they stand; returns in how many events that was.

    Raises NotFound, and Changed when somebody draws meanwhile.
    """
    campaign = get_campaign(campaign_id)
    canvas, seen = read_canvas(campaign.draft), campaign.draft_version
    kept = {one.event: one.kept for one in check_draft(campaign_id) if one.kept}
    for event in canvas.events:
        event.config |= kept.get(event.key, {})
    if kept:
        save_draft(campaign_id, canvas.stored(), seen=seen)
    return len(kept)
