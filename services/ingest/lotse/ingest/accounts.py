"""The operator's accounts with their secrets, by kind."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import SecretStr

from lotse.contracts.config import ApiAccount, Config, MailAccount, MetaAccount
from lotse.contracts.frozen import frozen
from lotse.contracts.ids import AccountId


@frozen
class Meta:
    id: AccountId
    config: MetaAccount
    app_secret: SecretStr
    verify_token: SecretStr
    access_token: SecretStr


@frozen
class Mail:
    id: AccountId
    config: MailAccount
    token: SecretStr


@frozen
class Api:
    id: AccountId
    config: ApiAccount
    token: SecretStr


@frozen
class Accounts:
    meta: Mapping[str, Meta]
    mail: Mapping[str, Mail]
    api: Mapping[str, Api]

    @classmethod
    def of(cls, config: Config, secret: Callable[[str], SecretStr]) -> "Accounts":
        """Every account ready for use; whatever `secret` raises for one that is missing comes through."""
        meta: dict[str, Meta] = {}
        mail: dict[str, Mail] = {}
        api: dict[str, Api] = {}
        for name, account in config.accounts.items():
            match account:
                case MetaAccount():
                    keys = (account.app_secret, account.verify_token, account.access_token)
                    meta[name] = Meta(name, account, *map(secret, keys))
                case MailAccount():
                    mail[name] = Mail(name, account, secret(account.token))
                case ApiAccount():
                    api[name] = Api(name, account, secret(account.token))
        return cls(MappingProxyType(meta), MappingProxyType(mail), MappingProxyType(api))
