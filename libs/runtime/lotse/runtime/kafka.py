"""How this project talks to Kafka: producers, security and their settings."""

from ssl import create_default_context
from typing import TYPE_CHECKING, TypedDict

from aiokafka import AIOKafkaProducer
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from lotse.contracts.envelope import MAX_RECORD_BYTES
from lotse.runtime.settings import KafkaSettings

if TYPE_CHECKING:
    from ssl import SSLContext


class Security(TypedDict, total=False):
    """aiokafka's options for TLS and SASL."""

    security_protocol: str
    ssl_context: "SSLContext"
    sasl_mechanism: str
    sasl_plain_username: str
    sasl_plain_password: str


def security(settings: KafkaSettings) -> Security:
    """From the settings; empty for plaintext."""
    found: Security = {}
    if settings.kafka_security_protocol != "PLAINTEXT":
        found["security_protocol"] = settings.kafka_security_protocol
    if settings.kafka_security_protocol.endswith("SSL"):
        found["ssl_context"] = create_default_context(cafile=settings.kafka_ca)
    if settings.kafka_security_protocol.startswith("SASL"):
        found["sasl_mechanism"] = settings.kafka_sasl_mechanism
        found["sasl_plain_username"] = settings.kafka_username or ""
        found["sasl_plain_password"] = settings.kafka_password.get_secret_value() if settings.kafka_password else ""
    return found


_SASL = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


def broker_security(settings: KafkaSettings) -> BaseSecurity | None:
    """The same for FastStream's broker."""
    found = security(settings)
    if not found:
        return None
    context = found.get("ssl_context")
    if "sasl_mechanism" in found:
        make = _SASL[settings.kafka_sasl_mechanism]
        return make(
            username=found.get("sasl_plain_username", ""),
            password=found.get("sasl_plain_password", ""),
            ssl_context=context,
            use_ssl=context is not None,
        )
    return BaseSecurity(ssl_context=context, use_ssl=True)


async def producer(settings: KafkaSettings, name: str, linger_ms: int = 0) -> AIOKafkaProducer:
    """A started idempotent producer: acks from all in-sync replicas, order kept per partition.

    `linger_ms` gathers what single calls send into one request.
    """
    made = AIOKafkaProducer(
        bootstrap_servers=settings.kafka,
        client_id=name,
        acks="all",
        enable_idempotence=True,
        linger_ms=linger_ms,
        max_batch_size=MAX_RECORD_BYTES * 2,
        max_request_size=MAX_RECORD_BYTES * 4,
        request_timeout_ms=10_000,
        metadata_max_age_ms=60_000,
        **security(settings),
    )
    try:
        await made.start()
    except BaseException:
        await made.stop()
        raise
    return made
