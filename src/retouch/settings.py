"""All settings: a TOML file, over it the environment, over it flags.

``[server] port = 9000`` in the file is ``RETOUCH_SERVER__PORT=9000`` in the environment.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from retouch.contract.settings import ContractSettings
from retouch.server.fetching.settings import FetchingSettings
from retouch.server.settings import ServerSettings
from retouch.service.settings import ServiceSettings
from retouch.storage.settings import FileSettings, StorageSettings


class Settings(BaseSettings):
    """Every part's settings. Build it with `load` to read a file."""

    model_config = SettingsConfigDict(
        env_prefix="RETOUCH_", env_nested_delimiter="__", extra="forbid", nested_model_default_partial_update=True
    )
    file: ClassVar[Path | None] = None

    server: ServerSettings = Field(default_factory=ServerSettings)
    contract: ContractSettings = Field(default_factory=ContractSettings)
    service: ServiceSettings = Field(default_factory=ServiceSettings)
    storage: StorageSettings = Field(default_factory=StorageSettings)
    files: FileSettings = Field(default_factory=FileSettings)
    fetching: FetchingSettings = Field(default_factory=FetchingSettings)

    @property
    def keeps_files(self) -> bool:
        """Whether files can be uploaded; unless told otherwise not where anybody could store what they like."""
        return not self.server.is_open if self.files.enabled is None else self.files.enabled

    @property
    def fetches(self) -> bool:
        """Whether pictures are fetched; unless told otherwise not where anybody could have others visited."""
        return not self.server.is_open if self.fetching.enabled is None else self.fetching.enabled

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        if cls.file is not None:
            sources += (TomlConfigSettingsSource(settings_cls, cls.file),)
        return sources


def load(file: Path | None = None, **flags: Any) -> Settings:
    """The settings of ``file``, the environment, and ``flags`` (nested as the settings are).

    Raises `pydantic.ValidationError` for a value that is not allowed or a name that does not exist, and
    `tomllib.TOMLDecodeError` or `OSError` for a file that cannot be read.
    """
    if file is None:
        return Settings(**flags)
    file.read_bytes()  # a missing file is an error, not an empty one

    class FromFile(Settings):
        pass

    FromFile.file = file
    return FromFile(**flags)
