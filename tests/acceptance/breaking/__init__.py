# SPDX-License-Identifier: GPL-3.0-or-later
"""Breaks hosts while something runs there, again and again, and judges what came of it.

``workloads`` run, ``faults`` strike, ``series`` repeats that at random moments, ``verdicts``
judges; ``endings`` does the like for cancel and time limit; ``spools`` reads a host's disk.
"""
