"""What an admin fills in to connect Twilio."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from heliograph.plugin import PluginConfig

NUMBER = re.compile(r"\+[1-9]\d{6,14}")
SHORT_CODE = re.compile(r"\d{3,8}")
ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}")


class TwilioConfig(PluginConfig):
    account_sid: str = Field(
        title="Account SID",
        description="Begins with AC; on the first page of the Twilio console",
    )
    auth_token: SecretStr = Field(
        title="Auth token",
        description="The primary one, beside the account SID; it also checks callbacks",
    )
    api_key_sid: str | None = Field(
        None,
        title="API key SID",
        description="Optional, begins with SK: sign in with an API key, not the auth token",
    )
    api_key_secret: SecretStr | None = Field(
        None, title="API key secret", description="Belongs to the API key SID"
    )
    from_number: str | None = Field(
        None,
        title="From number",
        description="A number of yours such as +15551234567, a short code, or a name of up to "
        "11 letters (names cannot get replies)",
    )
    messaging_service_sid: str | None = Field(
        None,
        title="Messaging Service SID",
        description="Begins with MG; instead of a number, or together with one of its pool",
    )
    parts_per_second: float = Field(
        0,
        ge=0,
        le=10_000,
        title="Parts per second",
        description="How fast your sender may go: 1 for a US long code; 0 is no limit",
    )
    connections: int = Field(
        50,
        ge=1,
        le=500,
        title="Connections",
        description="How many texts may be handed over at the same time; Twilio lets most "
        "accounts have about 100",
    )
    status_callbacks: bool = Field(
        True, title="Delivery reports", description="Have Twilio report what became of each text"
    )
    api_base_url: str = Field(
        "https://api.twilio.com",
        title="API address",
        description="Leave it, unless Twilio is reached by a region; HTTPS_PROXY names a proxy",
        json_schema_extra={"secret_destination": True},
    )

    @field_validator("account_sid")
    @classmethod
    def is_account(cls, value: str) -> str:
        return sid(value, "AC", "Copy the Account SID from the Twilio console")

    @field_validator("api_key_sid")
    @classmethod
    def is_key(cls, value: str | None) -> str | None:
        return sid(value, "SK", "Copy the SID of the API key") if value else None

    @field_validator("messaging_service_sid")
    @classmethod
    def is_service(cls, value: str | None) -> str | None:
        return sid(value, "MG", "Copy the SID of the Messaging Service") if value else None

    @field_validator("auth_token", "api_key_secret")
    @classmethod
    def is_filled(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().strip():
            raise ValueError("is empty. Copy it from the Twilio console")
        return value

    @field_validator("from_number")
    @classmethod
    def is_sender(cls, value: str | None) -> str | None:
        if not value:
            return None
        plain = re.sub(r"[\s().-]", "", value) if value.startswith("+") else value
        if any(form.fullmatch(plain) for form in (NUMBER, SHORT_CODE, ALPHANUMERIC)):
            return plain
        raise ValueError(
            "is no sender. Use +15551234567, a short code, or up to 11 letters and digits"
        )

    @field_validator("api_base_url")
    @classmethod
    def is_address(cls, value: str) -> str:
        if not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            raise ValueError("is no web address. Use https://api.twilio.com")
        return value.rstrip("/")

    @model_validator(mode="after")
    def is_whole(self) -> Self:
        if not (self.from_number or self.messaging_service_sid):
            raise ValueError("from_number or messaging_service_sid is required")
        if bool(self.api_key_sid) != bool(self.api_key_secret):
            raise ValueError("api_key_sid and api_key_secret belong together: set both or none")
        return self


def sid(value: str, prefix: str, mend: str) -> str:
    if not re.fullmatch(prefix + r"[0-9a-fA-F]{32}", value):
        raise ValueError(f"is not {prefix} and 32 characters of 0-9, a-f. {mend}")
    return value
