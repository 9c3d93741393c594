# SPDX-License-Identifier: GPL-3.0-or-later
"""What watches over one execution: a process of its own that outlives the agent.

``python -I -m agent_runner.executions.supervisor FOLDER``, with the folder's lock on file
descriptor 3. It loads nothing beyond the standard library, because a hundred of them may wait
at once on a small host.
"""
