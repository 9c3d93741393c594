# SPDX-License-Identifier: GPL-3.0-or-later
"""What is removed when it is too old or too much: runs, logs, events and what is around them?"""
