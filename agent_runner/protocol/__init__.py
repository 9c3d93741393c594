# SPDX-License-Identifier: GPL-3.0-or-later
"""THE wire contract between control plane and agent: JSON-RPC 2.0 over HTTPS.

``methods`` holds parameters, results and limits, ``credentials`` those of a rotation; ``errors``
the codes; ``pieces`` how log bytes travel; ``segments`` how a log of two types lies on disk, the
same on the host and on the control plane; ``archives`` which members a content bundle may have.
This package is all that the control plane may import of the agent.
"""
