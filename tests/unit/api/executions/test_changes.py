# SPDX-License-Identifier: GPL-3.0-or-later

import asyncio

from api.executions.changes import Changes
from api.executions.schemas import Execution


def execution(execution_id: str, status: str = "running") -> Execution:
    """Return an execution of run 1."""
    return Execution.model_construct(id=execution_id, run_id=1, host="web1", status=status)


async def test_a_waiter_wakes_at_the_change() -> None:
    """Who waits on an execution wakes when its log grows, without asking again."""
    changes = Changes()
    with changes.subscribe("e1") as subscription:
        waiting = asyncio.create_task(subscription.wait(60))
        await asyncio.sleep(0)
        changes.publish_log(1, "e1")

        assert await waiting
        assert subscription.take().grown_logs == {"e1"}


async def test_what_happens_while_nobody_waits_is_held() -> None:
    """A slow subscriber holds which executions changed and their newest form, nothing more."""
    changes = Changes()
    with changes.subscribe(1) as subscription:
        for _ in range(1000):
            changes.publish_log(1, "e1")
        changes.publish_execution(execution("e1"))
        changes.publish_execution(execution("e1", "successful"))
        changes.publish_run(1)

        delta = subscription.take()

        assert delta.grown_logs == {"e1"}
        assert [e.status for e in delta.executions.values()] == ["successful"]
        assert delta.run_changed
        assert subscription.take() == type(delta)()


async def test_others_are_left_alone() -> None:
    """A change of one execution wakes nobody who waits for another."""
    changes = Changes()
    with changes.subscribe("e2") as other, changes.subscribe(2) as other_run:
        changes.publish_log(1, "e1")
        changes.publish_events("e1")

        assert not await other.wait(0)
        assert not await other_run.wait(0)


async def test_closing_lets_nobody_wait() -> None:
    """When the process stops, who waits wakes and who comes does not wait."""
    changes = Changes()
    with changes.subscribe("e1") as subscription:
        waiting = asyncio.create_task(subscription.wait(60))
        await asyncio.sleep(0)
        changes.close()
        await waiting

        assert not await subscription.wait(60)


def test_a_subscription_that_ends_leaves_nothing_behind() -> None:
    """Nothing grows with the number of those who came and went."""
    changes = Changes()
    with changes.subscribe("e1"), changes.subscribe("e1"):
        pass

    assert not changes._by_topic
