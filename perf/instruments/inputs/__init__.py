"""Requests for every model, made from recordings and texts by sending them through the models before it."""
