"""Versions of a checkpoint's models side by side: which are served, which one takes the traffic, canaries.

The models of one checkpoint (or of a pair that makes a voice) belong together: a version of one calls the
same version of the others. What is served is written in their configs (`version_policy`), what takes the
traffic in the pipelines' (`model_version` of each step), so a server that restarts does as before.
"""
