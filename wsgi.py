"""For `gunicorn wsgi:app` in a checkout; elsewhere it is `heliograph.wsgi:app`."""

from heliograph.wsgi import app

__all__ = ["app"]
