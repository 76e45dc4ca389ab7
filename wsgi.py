"""For `gunicorn wsgi:app`: the application, with its clock in each worker."""

from core import create_app
from core.jobs.clock import start_clock

app = create_app()
start_clock(app)
