# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast is MyX beside its peers? One module a goal, P1 to P13, and one small harness.

``harness`` measures ways of doing the same work in turn, with the processor time of controller and
hosts apart; ``testbed`` has real hosts, control planes and emulated fleets; ``peers`` are the other
ways; ``goals`` say what is compared and what is wanted. ``make bench`` runs it.
"""
