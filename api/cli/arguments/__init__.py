# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the arguments mean that several verbs take: options, variables, credentials, content?"""
