# SPDX-License-Identifier: GPL-3.0-or-later
"""What the files of the content tell of templates: read within limits, never run."""
