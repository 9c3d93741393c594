# SPDX-License-Identifier: GPL-3.0-or-later
"""What are the rules of API tokens? They never may more, nor live longer, than what made them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from api import models
from api.audit.service import AuditService
from api.auth.grants import GrantBody, describe_grants, dump_grants, load_grants, restrict
from api.auth.permissions import MANAGE_USERS
from api.auth.principals import Principal
from api.auth.tokens import digest_token, make_token
from api.core.clock import Clock
from api.core.paging import Slice
from api.sessions.service import Holder
from api.tokens.errors import TokenNotFoundError, TokenRefusedError
from api.tokens.repository import Owned, TokenRepository
from api.tokens.schemas import NewToken, Token, TokenCreate, TokenQuery

PREFIX_LENGTH = 10
"""How much of a token is kept to be recognised: ``myx_`` and 36 of its 256 bits."""

MAX_VALID_TOKENS = 100
"""Of one user."""

_KIND = "tokens"


class TokenService:
    """The API tokens, in one unit of work."""

    def __init__(self, repository: TokenRepository, audit: AuditService, clock: Clock) -> None:
        self._repository = repository
        self._audit = audit
        self._clock = clock

    async def create_token(self, body: TokenCreate, principal: Principal) -> NewToken:
        """Make a token, which is shown this once.

        Raises:
            TokenRefusedError: names the field that does not fit.
        """
        now = self._clock.now()
        user_id = await self._find_owner(body, principal)
        await self._check_limits(body, principal, user_id, now)
        token = make_token()
        row = models.ApiToken(
            name=body.name,
            user_id=user_id,
            digest=digest_token(token),
            prefix=token[:PREFIX_LENGTH],
            grants=_limit_grants(body, principal),
            created_by=principal.name,
            created_at=now,
            expires_at=body.expires_at or principal.expires_at_of_token,
            revoked_at=None,
            last_used_at=None,
            last_used_from=None,
        )
        await self._repository.add(row)
        await self._audit.record(
            "create_token",
            _KIND,
            row.id,
            {"name": row.name, "grants": row.grants, "prefix": row.prefix, "user": body.user},
        )
        described = await self._get(row.id)
        return NewToken(**self._describe(described).model_dump(), token=token)

    async def list_tokens(self, query: TokenQuery, principal: Principal) -> Slice[Token]:
        """List a page of one's own tokens; of everybody's, for who manages users."""
        all_users = principal.may(MANAGE_USERS)
        if not all_users and principal.user_id is None:
            return Slice([], 0)
        page = await self._repository.list_page(
            query, principal.user_id, self._clock.now(), all_users=all_users
        )
        return page.map(self._describe)

    async def revoke_token(self, token_id: int, principal: Principal) -> Token:
        """Refuse a token from now on.

        Raises:
            TokenNotFoundError: there is none with that id that is theirs.
        """
        owned = await self._get(token_id)
        is_theirs = token_id == principal.token_id or (
            principal.user_id is not None and owned.token.user_id == principal.user_id
        )
        if not is_theirs and not principal.may(MANAGE_USERS):
            raise TokenNotFoundError
        if owned.token.revoked_at is None:
            owned.token.revoked_at = self._clock.now()
            await self._audit.record("revoke_token", _KIND, token_id, {"name": owned.token.name})
        return self._describe(owned)

    async def find_holder(self, token: str) -> Holder | None:
        """Return who holds a token, or None where it is unknown, expired or revoked."""
        owned = await self._repository.find_by_digest(digest_token(token))
        if owned is None or not self._is_valid(owned.token):
            return None
        row, user = owned
        if user is not None and user.is_disabled:
            return None
        grants = () if row.grants is None else load_grants(row.grants)
        if user is not None:
            own = load_grants(user.grants)
            grants = own if row.grants is None else restrict(own, grants)
        principal = Principal(
            name=f"token:{row.name}" if user is None else user.name,
            grants=grants,
            user_id=row.user_id,
            token_id=row.id,
            expires_at=row.expires_at,
        )
        return Holder(principal, row.last_used_at)

    async def find_limits(self, token_id: int) -> list[dict[str, Any]] | None:
        """Return the grants that a token has of its own, or None where it has all of its user."""
        return (await self._get(token_id)).token.grants

    async def find_program(self, token_id: int) -> Principal | None:
        """Return the program whose own token this is, or None where it is valid no more."""
        owned = await self._repository.find(token_id)
        if owned is None or owned.token.grants is None or not self._is_valid(owned.token):
            return None
        row = owned.token
        return Principal(f"token:{row.name}", load_grants(row.grants), token_id=row.id)

    async def mark_used(self, uses: Mapping[int, tuple[datetime, str]]) -> None:
        """Write down when and from where tokens were used."""
        await self._repository.mark_used(uses)

    async def _find_owner(self, body: TokenCreate, principal: Principal) -> int | None:
        is_admin = principal.may(MANAGE_USERS)
        if not is_admin and (body.is_own or body.user not in {None, principal.name}):
            raise TokenRefusedError("user", "only who manages users makes tokens for others")
        if body.is_own:
            return None
        if body.user is None or body.user == principal.name:
            if principal.user_id is None:
                raise TokenRefusedError("user", "you are no user: name one, or set is_own")
            return principal.user_id
        user = await self._repository.find_user(body.user)
        if user is None:
            raise TokenRefusedError("user", f"there is no user '{body.user}'")
        return user.id

    async def _check_limits(
        self, body: TokenCreate, principal: Principal, user_id: int | None, now: datetime
    ) -> None:
        if body.is_own and body.grants is None:
            raise TokenRefusedError("grants", "a token that is no user's needs its own")
        if body.expires_at is not None and body.expires_at <= now:
            raise TokenRefusedError("expires_at", "it lies in the past")
        latest = principal.expires_at_of_token
        if latest is not None and body.expires_at is not None and body.expires_at > latest:
            raise TokenRefusedError("expires_at", "it lies behind the end of the token you showed")
        if await self._repository.count_valid(user_id, now) >= MAX_VALID_TOKENS:
            raise TokenRefusedError("user", f"there are {MAX_VALID_TOKENS} valid tokens already")

    async def _get(self, token_id: int) -> Owned:
        owned = await self._repository.find(token_id)
        if owned is None:
            raise TokenNotFoundError
        return owned

    def _is_valid(self, row: models.ApiToken) -> bool:
        is_expired = row.expires_at is not None and row.expires_at <= self._clock.now()
        return row.revoked_at is None and not is_expired

    def _describe(self, owned: Owned) -> Token:
        row, user = owned
        return Token(
            id=row.id,
            name=row.name,
            user=None if user is None else user.name,
            prefix=row.prefix,
            grants=None
            if row.grants is None
            else [GrantBody.model_validate(grant) for grant in row.grants],
            created_by=row.created_by,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            last_used_at=row.last_used_at,
            last_used_from=row.last_used_from,
            is_valid=self._is_valid(row),
        )


def _limit_grants(body: TokenCreate, principal: Principal) -> list[dict[str, object]] | None:
    """Return what the token may: what was asked for, within what a token that asks may itself."""
    if principal.token_id is None:
        return None if body.grants is None else dump_grants(body.grants)
    if body.grants is None:
        return dump_grants(describe_grants(principal.grants))
    wanted = load_grants(dump_grants(body.grants))
    within = restrict(principal.grants, wanted)
    if not within:
        raise TokenRefusedError("grants", "the token you showed may nothing of that itself")
    return dump_grants(describe_grants(within))
