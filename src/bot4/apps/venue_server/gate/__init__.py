# SPDX-License-Identifier: Apache-2.0
"""What a request must pass before it is answered: its words, its signature, the limits on its sender."""
