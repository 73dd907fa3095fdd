# SPDX-License-Identifier: Apache-2.0
"""The sockets: HTTP/1.1 and WebSocket servers that carry bytes and decide nothing."""
