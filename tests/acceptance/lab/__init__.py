# SPDX-License-Identifier: GPL-3.0-or-later
"""Real hosts for tests: Debian containers that boot systemd and run sshd.

``prerequisites`` installs the programs, ``image`` builds the host image once, ``hosts`` boots
hosts, breaks them and removes them; ``disks`` fill up and lose their power, ``clocks`` jump;
``processes`` and ``weights`` look at hosts from outside. Only the standard library is used, so that
the image can be built before the project is installed:
``PYTHONPATH=tests/acceptance python3 -m lab setup``.
"""
