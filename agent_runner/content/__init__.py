# SPDX-License-Identifier: GPL-3.0-or-later
"""What may run here: content bundles, received in pieces, verified, and unpacked by digest."""

from agent_runner.content.signatures import SignatureRule, build_rule
from agent_runner.content.store import ContentStore

__all__ = ["ContentStore", "SignatureRule", "build_rule"]
