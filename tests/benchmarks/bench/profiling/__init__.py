# SPDX-License-Identifier: GPL-3.0-or-later
"""Where does the time of a run go? ``make profile`` draws flame graphs and a timeline."""
