"""Shared by recognisers: the log-mel front end, recordings, verification against NeMo, engines."""

FEATURES_MODEL = "asr_features"  # of the repository: the front end that recognisers are exported with
