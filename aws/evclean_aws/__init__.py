# SPDX-License-Identifier: Apache-2.0
"""evclean on AWS: one configuration file, one command."""
