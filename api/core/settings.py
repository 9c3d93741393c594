# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the control plane set up? One frozen object from ``MYX_*``, checked at the start."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from api.core.configuration.connecting import ConnectionSettings
from api.core.configuration.folders import Folder
from api.core.configuration.installing import InstallSettings
from api.core.configuration.monitoring import MonitoringSettings
from api.core.configuration.notifying import NotificationSettings
from api.core.configuration.retention import RetentionSettings
from api.core.configuration.storage import StorageSettings
from api.core.errors import SettingsError
from api.core.places import (
    ADMIN_TOKEN_NAME,
    DEFAULT_LISTEN,
    SIGNING_KEY_NAME,
    default_data_dir,
    is_loopback,
    split_listen,
)

ENV_PREFIX = "MYX_"

_MIB = 1024 * 1024


def _check_listen(listen: str) -> str:
    split_listen(listen)
    return listen


class Settings(
    StorageSettings,
    RetentionSettings,
    MonitoringSettings,
    NotificationSettings,
    ConnectionSettings,
    InstallSettings,
):
    """Everything that can be set, each as environment variable ``MYX_<NAME IN CAPITALS>``."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    data_dir: Folder = Field(
        default_factory=default_data_dir,
        description="Folder of everything the control plane keeps: database, logs, bundles, keys. "
        "Made with mode 0700. For root the default is /var/lib/myx, else ~/.local/share/myx.",
    )
    listen: Annotated[str, AfterValidator(_check_listen)] = Field(
        default=DEFAULT_LISTEN,
        description="Address and port of the HTTP API, ADDRESS:PORT. Anything but loopback needs "
        "MYX_TLS_CERT and MYX_TLS_KEY, or MYX_ALLOW_PLAINTEXT=true.",
    )
    content_dir: Folder = Field(
        default_factory=Path.cwd,
        description="Folder with playbooks, roles, collections, inventory variables and "
        "ansible.cfg that runs use. The default is the folder that it is started in.",
    )
    tls_cert: Folder | None = Field(
        default=None, description="File with the PEM certificate chain that the API serves."
    )
    tls_key: Folder | None = Field(
        default=None, description="File with the PEM private key of MYX_TLS_CERT."
    )
    allow_plaintext: bool = Field(
        default=False,
        description="Serve plain HTTP on an address that others can reach, for example behind a "
        "proxy that speaks TLS. The token then travels readable on that network.",
    )
    max_concurrent_executions: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Executions under way at once over all hosts; more wait in the queue.",
    )
    max_playbooks_per_host: int = Field(
        default=1,
        ge=1,
        le=1_000,
        description="Playbooks under way at once on one host; more wait. A host may have its own.",
    )
    max_commands_per_host: int | None = Field(
        default=None,
        ge=1,
        le=1_000,
        description="Commands and scripts under way at once on one host, over all runs; more wait. "
        "Without it only the agent's own limits count. A host may have its own.",
    )
    agent_lost_after_s: float = Field(
        default=600.0,
        ge=0,
        description="Seconds without an answer from an agent until what it executes is given up "
        "as lost; and without a report, until a run is that was started elsewhere.",
    )
    run_secrets_keep_s: float = Field(
        default=7 * 24 * 3600.0,
        ge=0,
        description="Seconds for which the variables of a run that did not succeed are kept, "
        "sealed, so that it can be tried again. SSH credentials given for once are never kept.",
    )
    rpc_timeout_s: float = Field(
        default=30.0, gt=0, description="Seconds until a call to an agent counts as failed."
    )
    bundle_max_bytes: int = Field(
        default=256 * _MIB,
        ge=1,
        description="Largest content bundle in bytes, compressed; agents refuse larger ones.",
    )
    bundle_unpacked_max_bytes: int = Field(
        default=1024 * _MIB, ge=1, description="Largest content bundle in bytes, unpacked."
    )
    bundle_max_files: int = Field(
        default=50_000, ge=1, description="Most files and folders in a content bundle."
    )
    session_idle_s: float = Field(
        default=12 * 3600.0,
        ge=60,
        description="Seconds without a request after which a browser has to sign in again.",
    )
    session_max_s: float = Field(
        default=7 * 24 * 3600.0,
        ge=60,
        description="Seconds after which a browser has to sign in again in any case.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level of the control plane's own log lines on stderr."
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="Form of these lines: for people, or one JSON object each."
    )

    @model_validator(mode="after")
    def _check_log_store(self) -> Self:
        if self.log_store == "database" and self.database_url is None:
            raise ValueError("MYX_LOG_STORE=database needs PostgreSQL: set MYX_DATABASE_URL too")
        return self

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("MYX_TLS_CERT and MYX_TLS_KEY belong together: set both or none")
        for name, path in (("MYX_TLS_CERT", self.tls_cert), ("MYX_TLS_KEY", self.tls_key)):
            if path is not None and not os.access(path, os.R_OK):
                raise ValueError(f"{name}={path} is not a file that this user can read")
        return self

    @model_validator(mode="after")
    def _check_exposure(self) -> Self:
        if self.tls_cert is None and not self.allow_plaintext and not is_loopback(self.listen_host):
            raise ValueError(
                f"MYX_LISTEN={self.listen} can be reached by other machines, which needs TLS: "
                "set MYX_TLS_CERT and MYX_TLS_KEY, or MYX_ALLOW_PLAINTEXT=true behind a TLS proxy"
            )
        return self

    @model_validator(mode="after")
    def _check_folders(self) -> Self:
        """Keep keys and database out of what is packed and sent to hosts."""
        try:
            inside = self.data_dir.relative_to(self.content_dir)
        except ValueError:
            return self
        if not any(part.startswith(".") for part in inside.parts):
            raise ValueError(
                f"MYX_DATA_DIR={self.data_dir} lies in MYX_CONTENT_DIR={self.content_dir}, which "
                "is sent to hosts: move it elsewhere, or into a folder whose name begins with a dot"
            )
        return self

    @property
    def listen_host(self) -> str:
        """The address part of ``listen``, without brackets."""
        return split_listen(self.listen)[0]

    @property
    def listen_port(self) -> int:
        """The port part of ``listen``; 0 lets the system choose."""
        return split_listen(self.listen)[1]

    @property
    def database_file(self) -> Path:
        """The SQLite file of the application's tables."""
        return self.data_dir / "myx.db"

    @property
    def sqlalchemy_url(self) -> str:
        """The SQLAlchemy URL of the application's tables; it holds the password."""
        if self.postgresql_url is None:
            return f"sqlite+aiosqlite:///{self.database_file}"
        return self.postgresql_url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def workflows_database_file(self) -> Path:
        """The SQLite file of the durable engine."""
        return self.data_dir / "workflows.db"

    @property
    def workflows_url(self) -> str:
        """The URL of the durable engine's tables; it holds the password."""
        return self.postgresql_url or f"sqlite:///{self.workflows_database_file}"

    @property
    def logs_dir(self) -> Path:
        """The folder of the executions' logs."""
        return self.data_dir / "logs"

    @property
    def bundles_dir(self) -> Path:
        """The folder of the content bundles."""
        return self.data_dir / "bundles"

    @property
    def agent_bundles_dir(self) -> Path:
        """The folder of the agent bundles that were built here."""
        return self.data_dir / "agent-bundles"

    @property
    def admin_token_file(self) -> Path:
        """The file with the admin's token, 0600."""
        return self.data_dir / ADMIN_TOKEN_NAME

    @property
    def audit_head_file(self) -> Path:
        """The file with the end of the audit, outside of the database."""
        return self.data_dir / "audit-head"

    @property
    def secret_key_file(self) -> Path:
        """The file with the key that seals secrets in the database, 0600."""
        return self.data_dir / "secret.key"

    @property
    def signing_key_file(self) -> Path:
        """The file with the key that signs content for agents, 0600."""
        return self.data_dir / SIGNING_KEY_NAME


def load_settings(**overrides: Any) -> Settings:
    """Read the settings from the environment; arguments win over it.

    Raises:
        SettingsError: names the variable that does not fit and the remedy.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(_describe_first(error)) from error


def _describe_first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    sentence = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"{sentence}."
    name = f"{ENV_PREFIX}{first['loc'][0]}".upper()
    return f"{name} does not fit: {sentence[:1].lower()}{sentence[1:]}."
