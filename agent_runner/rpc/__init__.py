# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes of a request -> method -> bytes of the reply, without knowing how either travels."""
