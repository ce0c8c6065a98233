"""QuartzNet and Jasper (ConvASREncoder + ConvASRDecoder) as one flat graph, independent of padding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from export.convolution import Convolution, Timeline
from export.errors import UnsupportedCheckpointError


class Block(nn.Module):
    """A JasperBlock: repeated convolutions, and residual convolutions of the block's input or inputs."""

    def __init__(self, block: Any, name: str):
        """Flatten a NeMo JasperBlock.

        Raises:
            UnsupportedCheckpointError: names the layer.
        """
        super().__init__()
        if block.res is not None and block.residual_mode not in ("add", "stride_add"):
            raise unsupported(name, f"residual mode {block.residual_mode}")
        if block.is_adapter_available():
            raise unsupported(name, "adapters")
        self.layers = nn.ModuleList(flattened(block.mconv, f"{name}.mconv"))
        self.residuals = nn.ModuleList()
        for index, branch in enumerate(block.res or []):
            self.residuals.extend(flattened(branch, f"{name}.res.{index}"))
        self.output = nn.ModuleList(flattened(block.mout, f"{name}.mout"))
        self.dense = block.res is not None and block.dense_residual

    def forward(self, panes: list[Tensor], timeline: Timeline) -> tuple[list[Tensor], Timeline]:
        """Take and return the tensors that residuals may refer to, the current one last."""
        x, after = panes[-1], timeline
        for layer in self.layers:
            if isinstance(layer, Convolution):
                x, after = layer(x, after)
            elif isinstance(layer, SqueezeExcite):
                x = layer(x, after)
            else:
                x = layer(x)
        for pane, residual in zip(panes, self.residuals, strict=False):
            x = x + residual(pane, timeline)[0]
        for layer in self.output:
            x = layer(x)
        return ([*panes, x] if self.dense else [x]), after


def flattened(layers: Any, name: str) -> Iterator[nn.Module]:
    """Convolutions with their normalisation folded in, and activations, without dropout.

    Raises:
        UnsupportedCheckpointError: names the layer.
    """
    activations = (nn.ReLU, nn.Hardtanh, nn.SELU, nn.SiLU, nn.GELU)
    pending: Convolution | None = None
    for index, layer in enumerate(layers):
        if isinstance(layer, nn.BatchNorm1d) and pending is not None and layer.running_mean is not None:
            pending.fold(layer)
            continue
        if pending is not None:
            yield pending
            pending = None
        kind = type(layer).__name__
        if kind == "MaskedConv1d":
            if layer.heads != -1:
                raise unsupported(f"{name}.{index}", "shared heads")
            left, right = layer._padding if layer.pad_layer is not None else (layer._padding,) * 2
            pending = Convolution(layer.conv, (left, right))
        elif kind == "SqueezeExcite":
            yield SqueezeExcite(layer)
        elif isinstance(layer, activations):
            yield layer
        elif not isinstance(layer, (nn.Dropout, nn.Identity)):
            raise unsupported(f"{name}.{index}", f"{kind} (conv_mask: false)" if kind == "Conv1d" else kind)
    if pending is not None:
        yield pending


def unsupported(layer: str, what: str) -> UnsupportedCheckpointError:
    """The refusal of one layer."""
    return UnsupportedCheckpointError(
        f"{layer}: expected masked convolutions, batch normalisation, plain activations and added residuals, "
        f"got {what}; not supported."
    )


class SqueezeExcite(nn.Module):
    """A gate for every channel, from the channel's mean over the row's own frames (Hu et al. 2018)."""

    def __init__(self, module: Any):
        super().__init__()
        self.squeeze, self.excite = module.fc[0], module.fc[2]

    def forward(self, x: Tensor, timeline: Timeline) -> Tensor:
        """(B, C, 1, T) to (B, C, 1, T)."""
        frames = timeline.length.clamp(min=1).to(x.dtype)  # (B, 1)
        mean = timeline.masked(x).sum(dim=(2, 3)) / frames
        gate = self.excite(self.squeeze(mean).relu()).sigmoid()
        return x * gate[:, :, None, None]


class AcousticModel(nn.Module):
    """Log-mel features to CTC log-probabilities; a row of a batch equals the row alone."""

    def __init__(self, encoder: Any, decoder: Any):
        """Flatten a NeMo ConvASREncoder and ConvASRDecoder.

        Raises:
            UnsupportedCheckpointError: the classes differ, or a layer is unknown.
        """
        super().__init__()
        for part, expected in ((encoder, "ConvASREncoder"), (decoder, "ConvASRDecoder")):
            # NeMo substitutes a subclass that can carry adapters; without one it is the same network.
            role = expected.removeprefix("ConvASR").lower()
            if type(part).__name__ not in (expected, f"{expected}Adapter"):
                raise UnsupportedCheckpointError(
                    f"{role}: expected {expected}, got {type(part).__name__}; "
                    "only QuartzNet and Jasper models have an exporter."
                )
        if decoder.is_adapter_available():
            raise unsupported("decoder", "adapters")
        self.blocks = nn.ModuleList(
            Block(block, f"encoder.encoder.{index}") for index, block in enumerate(encoder.encoder)
        )
        self.mels = int(encoder._feat_in)
        self.classes = int(decoder.num_classes_with_blank)
        self.temperature = float(decoder.temperature)
        self.output = Convolution(decoder.decoder_layers[0], (0, 0))

    def forward(self, features: Tensor, features_length: Tensor) -> tuple[Tensor, Tensor]:
        """Compute log-probabilities.

        Args:
            features: (B, M, T) float32; frames from a row's length on are ignored.
            features_length: (B, 1) int64, in frames.

        Returns:
            log_probs (B, T', V) float32, blank last, and log_probs_length (B, 1) int64. Rows behind their
            length hold no meaning.
        """
        length = features_length.clamp(min=0).minimum(torch.tensor(features.shape[2]))
        valid = (torch.arange(features.shape[2]).unsqueeze(0) < length).unsqueeze(1)
        # Selected rather than multiplied, so that even NaN in the padding has no effect.
        panes = [torch.where(valid, features, 0.0).unsqueeze(2)]
        timeline = Timeline(length)
        for block in self.blocks:
            panes, timeline = block(panes, timeline)
        logits, timeline = self.output(panes[-1], timeline)
        logits = logits.squeeze(2).transpose(1, 2)
        if self.temperature != 1.0:
            logits = logits / self.temperature
        return logits.log_softmax(dim=2), timeline.length
