"""the import that made a contact is told by the contact

Revision: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("contacts", sa.Column("import_id", number))
    op.execute(
        "UPDATE contacts SET import_id = (SELECT min(import_id) FROM import_contacts"
        " WHERE contact_id = contacts.id AND outcome = 'created')"
    )
    op.execute(
        "DELETE FROM import_contacts WHERE outcome = 'created' AND EXISTS (SELECT 1 FROM contacts"
        " WHERE contacts.id = contact_id AND contacts.import_id = import_contacts.import_id)"
    )


def downgrade() -> None:
    op.execute(
        "INSERT INTO import_contacts (import_id, contact_id, outcome)"
        " SELECT import_id, id, 'created' FROM contacts"
        " WHERE import_id IN (SELECT id FROM imports) ON CONFLICT DO NOTHING"
    )
    op.drop_column("contacts", "import_id")
