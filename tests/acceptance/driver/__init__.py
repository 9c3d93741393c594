# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives MyX as its users do: the real ``myx serve``, the real command line, the HTTP API.

``control_plane`` starts, kills and restarts the server; ``command_line`` runs ``myx``;
``content`` makes the folder that runs are made from; ``gates`` hold a run in its middle;
``load`` holds a crowd on one host; ``agents`` changes an agent's limits;
``expectations`` says what a clear error is; ``evidence`` collects what explains a failure.
"""
