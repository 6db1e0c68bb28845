"""Settings from the environment: MODICUM_HOST, MODICUM_PORT, MODICUM_LOG_LEVEL; MODICUM_HOME is home.py's."""

from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from modicum.errors import InputError


class Settings(BaseSettings):
    """What a flag does not say. `port` none: 8765 or the next free one."""

    model_config = SettingsConfigDict(env_prefix="MODICUM_", extra="ignore")

    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=0, le=65_535)
    log_level: Literal["debug", "info", "warning", "error"] = "warning"


def settings() -> Settings:
    """The settings of this environment. Raises InputError naming the variable that cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "MODICUM_" + str(first["loc"][0]).upper()
        raise InputError(f"{first['msg']}; received {first['input']!r}", path=name) from error
