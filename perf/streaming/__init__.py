"""Live streams under load: a command, its report and its plot."""
