# SPDX-License-Identifier: GPL-3.0-or-later
"""The verbs of ``myx``: each takes its arguments, asks the API, and shows the answer."""
