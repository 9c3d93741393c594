# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the control plane vouch for this bundle? Ed25519, with the key given at the install."""

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from agent_runner.config import Config
from agent_runner.protocol.errors import BundleRejectedError
from agent_runner.protocol.methods import BundleSignatures
from agent_runner.protocol.signing import build_signed_message

_REMEDY = "let the control plane that installed this agent send it, or install the agent again"


class SignatureRule:
    """What this host asks of the signature of a bundle."""

    def __init__(self, public_key: str | None = None, *, is_required: bool = True) -> None:
        self._key = public_key and Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
        self._is_required = is_required

    @property
    def name(self) -> BundleSignatures:
        """What ``get_status`` says of it."""
        if not self._key:
            return "no_key"
        return "required" if self._is_required else "not_required"

    def check(self, digest: str, signature: str | None) -> None:
        """Refuse a bundle that the control plane does not vouch for.

        Raises:
            BundleRejectedError: the signature is missing, or of another key or bundle.
        """
        if not self._key or not self._is_required:
            return
        if signature is None:
            raise BundleRejectedError(
                f"The bundle is not signed and this host asks for it; {_REMEDY}"
            )
        try:
            self._key.verify(base64.b64decode(signature), build_signed_message(digest))
        except InvalidSignature as error:
            raise BundleRejectedError(
                f"The bundle's signature is not by the key that this host was given; {_REMEDY}"
            ) from error


def build_rule(config: Config) -> SignatureRule:
    """Return the rule that the agent's configuration says."""
    return SignatureRule(config.bundle_public_key, is_required=config.require_signed_bundles)
