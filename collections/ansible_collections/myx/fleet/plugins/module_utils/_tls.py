# SPDX-License-Identifier: GPL-3.0-or-later
"""How is one certificate pinned with the standard library? By a look before anything is sent."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._errors import UnreachableError


def make_pinned_context(fingerprint: str) -> ssl.SSLContext:
    """Make a context that goes on after a handshake only with the certificate of this SHA-256."""

    class PinnedSocket(ssl.SSLSocket):
        """Looks at the peer's certificate as part of the handshake."""

        def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 - as inherited
            super().do_handshake(block)
            found = hashlib.sha256(self.getpeercert(binary_form=True) or b"").hexdigest()
            if not hmac.compare_digest(found, fingerprint):
                self.close()
                raise UnreachableError(
                    f"myx_fingerprint: the control plane shows the certificate {found}, "
                    f"not {fingerprint}. If it was replaced on purpose, pin the new one; else "
                    "somebody is in between."
                )

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # The fingerprint says who it is: neither the name nor the signature adds to that.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    t.cast(t.Any, context).sslsocket_class = PinnedSocket
    return context
