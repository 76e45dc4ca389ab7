"""How the simulator behaves."""

from __future__ import annotations

from pydantic import Field

from heliograph.plugin import PluginConfig


class SimulatorConfig(PluginConfig):
    sender: str = Field(
        "Heliograph",
        title="Sender",
        description="What the phones show as sender",
        min_length=1,
        max_length=20,
    )
    delay_seconds: float = Field(
        1,
        title="Delay",
        description="Seconds until a text is reported as delivered",
        ge=0,
        le=3600,
    )
    parts_per_second: float = Field(
        0, title="Parts per second", description="How fast the sender may go; 0 is no limit", ge=0
    )
    unreachable_ending: str = Field(
        "0000",
        title="Unreachable numbers",
        description="Texts to numbers that end so are reported as not delivered",
        pattern=r"^\d{0,10}$",
    )
    refused_ending: str = Field(
        "0001",
        title="Refused numbers",
        description="Texts to numbers that end so are refused at once",
        pattern=r"^\d{0,10}$",
    )
