"""Web APIs for the tritone speech service."""
