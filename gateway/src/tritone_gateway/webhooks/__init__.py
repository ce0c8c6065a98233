"""Telling callers that background work has ended, in the convention of Standard Webhooks."""
