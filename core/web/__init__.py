"""Pages and endpoints of the application itself."""

from __future__ import annotations

from flask import Flask

from heliograph.submissions import new_key
from heliograph.web import (
    accounts,
    audit,
    broadcast_review,
    broadcasts,
    campaign_builder,
    campaign_people,
    campaign_simulation,
    campaigns,
    confirmation,
    contact_fields,
    contacts,
    dashboard,
    dnc_lists,
    health,
    imports,
    inbox,
    jobs,
    links,
    messages,
    metrics,
    plugins,
    segments,
    settings,
    users,
    welcome,
)
from heliograph.web.access import init_access
from heliograph.web.assets import init_assets
from heliograph.web.confirmation import init_confirmation
from heliograph.web.locale import init_locale
from heliograph.web.question_words import init_questions
from heliograph.web.security import init_security
from heliograph.web.sentence_words import init_sentences
from heliograph.web.timeline_words import init_timeline
from heliograph.web.trail import init_trail
from heliograph.web.words import init_words

PAGES = (
    *(
        dashboard,
        contacts,
        contact_fields,
        dnc_lists,
        imports,
        segments,
        messages,
        broadcasts,
        broadcast_review,
    ),
    *(campaigns, campaign_people, campaign_builder, campaign_simulation, inbox),
    *(
        plugins,
        users,
        jobs,
        settings,
        audit,
        accounts,
        confirmation,
        welcome,
        health,
        links,
        metrics,
    ),
)


def mount_web(app: Flask) -> None:
    init_access(app)  # first: nobody's form is even read before
    init_security(app)
    init_confirmation(app)  # after the check of the form's token
    init_locale(app)
    init_words(app)
    init_sentences(app)
    init_timeline(app)
    init_questions(app)
    init_assets(app)
    init_trail(app)
    app.add_template_global(new_key, "new_form_key")
    app.jinja_env.filters["zip"] = zip
    for page in PAGES:
        app.register_blueprint(page.bp)
