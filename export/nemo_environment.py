"""Importing NeMo quietly and without the network."""

from __future__ import annotations

import logging
import os
import warnings


def set_variables() -> None:
    """Disable hub look-ups and progress bars; the libraries read these variables at import."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_OFFLINE"] = "1"
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("TQDM_DISABLE", "1")  # NeMo shows a bar for every text it punctuates


def prepare(threads: int | None = None) -> None:
    """Set the variables, silence NeMo's log, and limit torch's threads; call before using NeMo.

    Args:
        threads: for torch and ONNX Runtime; torch's own choice when None.
    """
    set_variables()
    warnings.filterwarnings("ignore")
    import torch
    from nemo.utils import logging as nemo_logging

    nemo_logging.setLevel(logging.ERROR)
    for noisy in ("nemo_logger", "pytorch_lightning", "lightning.pytorch", "transformers"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    if threads is not None:
        torch.set_num_threads(threads)
