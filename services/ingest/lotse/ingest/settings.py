"""Settings of ingest, from `LOTSE_*` variables."""

from datetime import timedelta

from pydantic import PositiveInt, SecretStr

from lotse.contracts.files import MOST_BYTES
from lotse.runtime.settings import RuntimeSettings


class IngestSettings(RuntimeSettings):
    """What ingest needs beside the runtime's settings."""

    service_token: SecretStr  # pyright: ignore[reportIncompatibleVariableOverride, reportGeneralTypeIssues]
    """What other services show to read blobs; ingest does not run without it."""
    meta_limit: PositiveInt = 4 * 1024 * 1024
    """The largest body of a Meta webhook, in bytes; WhatsApp's may have 3 MB."""
    mail_limit: PositiveInt = 30 * 1024 * 1024
    """The largest mail, in bytes."""
    typed_limit: PositiveInt = 20 * 1024 * 1024
    """The largest typed message, in bytes, its files included."""
    unparsed_retention: timedelta = timedelta(days=30)
    """How long parts that were not understood are kept."""
    blob_retention: timedelta = timedelta(days=365)
    """How long files, raw mails and long texts are kept after they came last."""
    media_hosts: tuple[str, ...] = (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com", ".whatsapp.net")
    """Where a Meta account's files may be fetched beside its Graph API; a leading dot takes every host below."""
    media_limit: PositiveInt = 100 * 1024 * 1024
    """The largest file that is fetched, in bytes."""
    blob_limit: PositiveInt = MOST_BYTES
    """The largest file that another service stores, in bytes."""
