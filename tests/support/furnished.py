# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a test get a control plane that has something of everything? Made through its API."""

from measured import measure
from real_control_plane import ControlPlaneProcess

PAGES = {
    "/overview": "Overview",
    "/runs": "Runs",
    "/runs/1": "green",
    "/hosts": "Hosts",
    "/hosts/local": "local",
    "/hosts/web1.example.org": "web1.example.org",
    "/groups": "Groups",
    "/launch": "Run something",
    "/schedules": "Schedules",
    "/webhooks": "Webhooks",
    "/notifications": "Notifications",
    "/people": "People and tokens",
    "/people?view=tokens": "People and tokens",
    "/audit": "Audit",
    "/settings": "Settings",
}
"""Each page of the interface, once something is there, and its heading."""

DIALOGS = {
    "/hosts": "Add host",
    "/hosts/local": "Change",
    "/groups": "Add a group",
    "/notifications": "Add a notification",
    "/people": "Add somebody",
    "/people?view=tokens": "Make a token",
}
"""Buttons of pages that open a form over them."""

CHINESE = {
    "Add host": "添加主机",
    "Change": "修改",
    "Add a group": "添加分组",
    "Add a notification": "添加通知",
    "Add somebody": "添加用户",
    "Make a token": "创建令牌",
}
"""The same buttons in Chinese."""

HOURLY = {"cron": "0 * * * *", "timezone": "Europe/Berlin"}
COMMAND = {"kind": "command", "command": ["uptime"], "limit": "all"}
OUTPUT = "printf '\\033[31mred\\033[32mgreen\\033[33myellow\\033[0m\\n'; seq 1 40"


async def furnish(control_plane: ControlPlaneProcess) -> None:
    """Add hosts, groups, runs of every kind of end, triggers, people and tokens."""
    post = control_plane.post
    await post("/groups", {"name": "web", "description": "All that serve pages"})
    europe = {"name": "europe", "children": ["web"], "variables": {"region": "eu", "ntp": ["a"]}}
    await post("/groups", europe | {"secret_variables": {"vault_key": "s3cret"}})
    for number in range(1, 4):
        host = {"name": f"web{number}.example.org", "address": f"192.0.2.{number}"}
        labels = {"env": "prod", "rack": f"r{number}"}
        about = {"description": "Serves the shop", "location": "Frankfurt", "provider": "Example"}
        variables = {"http_port": 8080 + number}
        there = {"groups": ["web"], "labels": labels, "variables": variables}
        await post("/hosts", host | about | there)
    measure(control_plane, "local")
    for script, content in (("green", OUTPUT), ("red", "echo It broke >&2; exit 3")):
        body = {"kind": "script", "script": {"name": script, "content": content}, "limit": "local"}
        run = await post("/runs", body)
        async for name, _data in control_plane.follow(run["id"]):
            if name == "end":
                break
    schedule = await post("/schedules", {"name": "Ask for the load", "run": COMMAND} | HOURLY)
    await post(f"/schedules/{schedule['id']}/pause", {})
    nightly = {"name": "Nightly upgrade", "cron": "30 2 * * *", "timezone": "Asia/Shanghai"}
    await post("/schedules", nightly | {"run": COMMAND})
    webhook = {"name": "Deploy on push", "scheme": "github", "run": COMMAND}
    await post(
        "/webhooks", webhook | {"matchers": [{"pointer": "/ref", "equals": "refs/heads/main"}]}
    )
    told = {"events": ["run_failed", "host_offline"], "groups": ["web"]}
    url = "https://chat.example.invalid/hooks/x"
    notification = await post("/notifications", {"name": "On-call chat", "url": url} | told)
    await post(f"/notifications/{notification['id']}/test", {})
    grants = [{"role": "operator", "groups": ["web"]}]
    await post("/users", {"name": "vera", "password": "a long enough password", "grants": grants})
    await post("/tokens", {"name": "CI", "grants": [{"role": "operator"}], "is_own": True})
