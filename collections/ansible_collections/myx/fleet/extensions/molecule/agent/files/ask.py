# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the agent of this host answer?

ask.py METHOD PARAMETERS [TOKEN] prints the result as JSON; exit code 3: it refuses the token.
"""

import http.client
import json
import ssl
import sys
from pathlib import Path

CONFIG = json.loads(Path("/etc/myx-agent/config.json").read_text())
REFUSED = 3

method, parameters, *token = sys.argv[1:]
context = ssl.create_default_context(cafile="/etc/myx-agent/ssl/agent.crt")
context.check_hostname = False
address = ("127.0.0.1", CONFIG["rpc_port"])
connection = http.client.HTTPSConnection(*address, timeout=90, context=context)
connection.request(
    "POST",
    f"/{CONFIG['rpc_path']}/rpc",
    json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": json.loads(parameters)}),
    {"Content-Type": "application/json", "X-Agent-Token": [*token, CONFIG["agent_token"]][0]},
)
response = connection.getresponse()
if response.status == http.client.UNAUTHORIZED:
    sys.exit(REFUSED)
answer = json.load(response)
if "error" in answer:
    sys.exit(json.dumps(answer["error"]))
json.dump(answer["result"], sys.stdout)
