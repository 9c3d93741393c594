# SPDX-License-Identifier: GPL-3.0-or-later
"""From which columns is an ``AgentAddress`` made? Light rows, where many agents are called."""

from sqlalchemy import Select, select

from api.models import Agent, Host


def select_addresses() -> Select[int, str, str, int, str, bytes, str | None]:
    """Select of each agent that is installed what makes an ``AgentAddress``, in its order."""
    return (
        select(
            Host.id,
            Host.name,
            Host.address,
            Agent.rpc_port,
            Agent.rpc_path,
            Agent.token_sealed,
            Agent.cert_fingerprint,
        )
        .join(Agent, Agent.host_id == Host.id)
        .where(Agent.cert_fingerprint.is_not(None))
    )
