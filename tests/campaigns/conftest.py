from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.campaigns.stage import Stage


@pytest.fixture
def stage(sending: Flask, desk: Any) -> Stage:
    return Stage()
