# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with the control plane's data while nobody asks it anything: ``myx db``."""
