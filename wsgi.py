"""For `gunicorn wsgi:app`: the application, with its clock in each worker."""

from heliograph import create_app
from heliograph.jobs.clock import start_clock

app = create_app()
start_clock(app)
