"""Errors of deploys.

DeployError
├── UsageError              (ValueError)       an option is wrong
├── MissingToolError        (LookupError)      a program is missing here or on the node
├── UnreachableError        (ConnectionError)  no connection, or it was lost
├── HostKeyError            (ConnectionError)  the node's key is unknown or has changed
├── LoginError              (PermissionError)  the node refuses the login
├── BusyError               (RuntimeError)     another deploy holds the node's lock
├── NodeCommandError        (RuntimeError)     a command on the node failed
├── DiskFullError           (OSError)          the node has no space left
├── PortTakenError          (OSError)          something else listens on a port of the proxy
├── UnhealthyReleaseError   (RuntimeError)     a release does not start, or fails its smoke test
├── ProxyError              (RuntimeError)     Envoy does not start, or does not apply a change
└── NoReleaseError          (LookupError)      there is no such release on the node
"""

from __future__ import annotations


class DeployError(Exception):
    """Base of every failure of a deploy. Its message says what to do next."""


class UsageError(DeployError, ValueError):
    """An option is wrong."""


class MissingToolError(DeployError, LookupError):
    """A program is missing here or on the node."""


class UnreachableError(DeployError, ConnectionError):
    """There is no connection to the node, or it was lost."""


class HostKeyError(DeployError, ConnectionError):
    """The node's key is unknown or has changed."""


class LoginError(DeployError, PermissionError):
    """The node refuses the login."""


class BusyError(DeployError, RuntimeError):
    """Another deploy holds the node's lock."""


class NodeCommandError(DeployError, RuntimeError):
    """A command on the node failed."""


class DiskFullError(DeployError, OSError):
    """The node has no space left."""


class PortTakenError(DeployError, OSError):
    """Something else listens on a port of the proxy."""


class UnhealthyReleaseError(DeployError, RuntimeError):
    """A release does not start, or fails its smoke test."""


class ProxyError(DeployError, RuntimeError):
    """Envoy does not start, or does not apply a change."""


class NoReleaseError(DeployError, LookupError):
    """There is no such release on the node."""
