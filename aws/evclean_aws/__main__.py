# SPDX-License-Identifier: Apache-2.0
from evclean_aws.cli import main

main()
