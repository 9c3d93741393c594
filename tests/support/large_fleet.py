# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a trial get a large database? Rows made by the database itself, in seconds."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

BIG_RUNS = 100
"""Runs over a thousand hosts each; all others go to two."""

EVENTS_EACH = 20
"""Events of one execution."""


@dataclass(frozen=True)
class Size:
    """How much there is."""

    hosts: int
    runs: int
    events: int


_NUMBERS = (
    "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :n)"
)

_DIALECTS = {
    "postgresql": {
        "at": "timestamptz '2026-01-01' + i * interval '1 minute'",
        "blob": "'t'::bytea",
        "json": "CAST({} AS json)",
    },
    "sqlite": {
        "at": "datetime('2026-01-01', '+' || i || ' minutes')",
        "blob": "x'74'",
        "json": "{}",
    },
}


_PERCENT = {"postgresql": "%%", "sqlite": "%"}
"""How the driver is told of a percent sign."""

_EXECUTIONS = (
    "INSERT INTO executions (id, run_id, host_id, host_name, status, reason_code, reason,"
    " return_code, log_bytes, last_event, created_at, started_at, finished_at, acknowledged)"
    " SELECT CAST(10000000 + {first} + i AS text) || '-0000-7000-8000-000000000000', {run},"
    " {host}, 'host' || ({host}), CASE WHEN i % 10 = 0 THEN 'failed' ELSE 'successful' END,"
    " 'completed', 'Ended.', 0, 0, 20, {at}, {at}, {at}, true FROM numbers"
)
"""They have said nothing, since no log is made beside the database."""

_DATA = (
    '\'{{"event": "runner_on_ok", "counter": \' || i || \', "uuid": "\' || e.id || \'", "stdout":'
    ' "ok: [host] a line of output as a task has it", "event_data": {{"task": "Task \' || i ||'
    ' \'", "play": "Play", "host": "\' || e.host_name || \'"}}}}\''
)

_GROUPS = (
    "INSERT INTO groups (name, description, variables, created_at, updated_at, revision)"
    " SELECT 'group' || i, '', {empty}, {at}, {at}, i FROM numbers"
)

_HOSTS = (
    "INSERT INTO hosts (name, address, ssh_user, ssh_port, variables, labels, description,"
    " location, provider, idc, created_at, updated_at, revision)"
    " SELECT 'host' || i, '10.' || (i / 65536) || '.' || (i / 256 % 256) || '.' || (i % 256),"
    " 'root', 22, {empty}, {labels}, '', '', '', '', {at}, {at}, i FROM numbers"
)

_MEMBERS = "INSERT INTO host_groups (host_id, group_id) SELECT i, 1 + i % 100 FROM numbers"

_AGENTS = (
    "INSERT INTO agents (host_id, rpc_port, rpc_path, token_sealed, secret_key_sealed, version,"
    " status, last_seen_at) SELECT i, 9000 + i % 1000, 'path', {blob}, {blob}, '1.0.0',"
    " CASE WHEN i % 20 = 0 THEN 'offline' ELSE 'online' END, {at} FROM numbers"
)

_RUNS = (
    "INSERT INTO runs (kind, name, spec, status, reason_code, reason, created_by, created_at,"
    " started_at, finished_at) SELECT CASE WHEN i % 3 = 0 THEN 'command' ELSE 'playbook' END,"
    " 'playbook-' || (i % 500) || '.yml', {empty},"
    " CASE WHEN i % 10 = 0 THEN 'failed' ELSE 'successful' END,"
    " 'completed', 'Ended.', 'admin', {at}, {at}, {at} FROM numbers"
)

_EVENTS = (
    "INSERT INTO events (execution_id, counter, event, task, play, host, created_at, data)"
    " SELECT e.id, i, 'runner_on_ok', 'Task ' || i, 'Play', e.host_name, e.created_at, {data}"
    " FROM (SELECT id, host_name, created_at FROM executions ORDER BY id LIMIT {executions}) AS e"
    " CROSS JOIN numbers"
)

_LAST_ENDS = (
    "INSERT INTO last_ends (host_id, execution_id, status) SELECT host_id, id, status"
    " FROM executions WHERE id IN (SELECT max(id) FROM executions GROUP BY host_id)"
)


def fill(connection: Connection, size: Size) -> None:
    """Write hosts in groups with agents, runs, executions and events, and count the rows."""
    words = dict(_DIALECTS[connection.dialect.name])
    as_json = words.pop("json")
    words |= {
        "empty": as_json.format("'{}'"),
        "labels": as_json.format('\'{"env": "prod"}\''),
        "data": as_json.format(_DATA.format()),
    }
    small_runs = size.runs - BIG_RUNS
    first = {"first": 0, "run": "(i + 1) / 2", "host": f"1 + (i * 7919) % {size.hosts}"}
    then = {
        "first": small_runs * 2,
        "run": f"{small_runs} + 1 + (i - 1) / 1000",
        "host": f"1 + i % {size.hosts}",
    }
    for template, more, count in (
        (_GROUPS, {}, 100),
        (_HOSTS, {}, size.hosts),
        (_MEMBERS, {}, size.hosts),
        (_AGENTS, {}, size.hosts),
        (_RUNS, {}, size.runs),
        (_EXECUTIONS, first, small_runs * 2),
        (_EXECUTIONS, then, BIG_RUNS * 1000),
        (_EVENTS, {"executions": size.events // EVENTS_EACH}, EVENTS_EACH),
    ):
        statement = f"{_NUMBERS} {template.format(**words, **more)}"
        connection.exec_driver_sql(
            statement.replace(":n", str(count)).replace("%", _PERCENT[connection.dialect.name])
        )
    connection.execute(text(_LAST_ENDS))
    connection.execute(text("ANALYZE"))
