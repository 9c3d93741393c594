# SPDX-License-Identifier: GPL-3.0-or-later
"""What does Xray need: keys, a configuration, and links for its clients?"""
