"""The bound of callbacks: a Flask application of one view, on the server of `serve`.

python -m benchmarks.bare_view PORT
"""

from __future__ import annotations

import sys

from flask import Flask, Response

from heliograph.cli.serve import Server, options_for


class BareServer(Server):
    def load(self) -> Flask:
        app = Flask("bare")

        @app.post("/sms/twilio/status")
        def status() -> Response:
            return Response(status=204)

        return app


if __name__ == "__main__":
    BareServer(options_for(f"127.0.0.1:{sys.argv[1]}")).run()
