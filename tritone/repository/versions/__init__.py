"""Several versions of a checkpoint's models: which are served, which one gets the traffic, canaries.

The models of one checkpoint (or of the two checkpoints of a voice) form a group: a version of one calls the
same version of the others. Their configs define the served versions (`version_policy`), and the pipelines'
configs the version that gets the traffic (`model_version` of each step), so a restart changes nothing.
"""
