"""Conformer and FastConformer (ConformerEncoder + ConvASRDecoder) as one graph, independent of padding."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from export.convolution import Convolution, bias_of
from export.errors import UnsupportedCheckpointError, refused_setting
from export.families.conformer.attention import MASKED, RelativeAttention, RelativePositions
from export.families.conformer.subsampling import Subsampling


class FeedForward(nn.Module):
    """Two linear layers with Swish between them."""

    def __init__(self, module: Any):
        super().__init__()
        self.expand, self.contract = module.linear1, module.linear2

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) to (B, T, D)."""
        return self.contract(swish(self.expand(x)))


class ConvolutionModule(nn.Module):
    """Pointwise, gate, depthwise with its normalisation folded in, Swish, pointwise."""

    def __init__(self, module: Any):
        super().__init__()
        self.expand = pointwise(module.pointwise_conv1)
        depthwise = module.depthwise_conv
        self.depthwise = Convolution(depthwise, (depthwise._left_padding, depthwise._right_padding))
        self.depthwise.fold(module.batch_norm)
        self.contract = pointwise(module.pointwise_conv2)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """(B, T, D) to (B, T, D); `valid` (B, T, 1) says which frames are real."""
        value, gate = self.expand(x).chunk(2, dim=2)
        x = torch.where(valid, value * gate.sigmoid(), 0.0)
        x = self.depthwise.conv(x.transpose(1, 2).unsqueeze(2)).squeeze(2).transpose(1, 2)
        return self.contract(swish(x))


class Layer(nn.Module):
    """One Conformer block (Gulati et al. 2020, figure 1)."""

    def __init__(self, layer: Any):
        super().__init__()
        self.norms = nn.ModuleList(
            [
                layer.norm_feed_forward1,
                layer.norm_self_att,
                layer.norm_conv,
                layer.norm_feed_forward2,
                layer.norm_out,
            ]
        )
        self.first, self.second = FeedForward(layer.feed_forward1), FeedForward(layer.feed_forward2)
        self.attention = RelativeAttention(layer.self_attn)
        self.convolution = ConvolutionModule(layer.conv)
        self.share = float(layer.fc_factor)

    def forward(self, x: Tensor, positions: Tensor, mask: Tensor, valid: Tensor) -> Tensor:
        """(B, T, D) to (B, T, D)."""
        before_first, before_attention, before_convolution, before_second, after = self.norms
        x = x + self.share * self.first(before_first(x))
        x = x + self.attention(before_attention(x), positions, mask)
        x = x + self.convolution(before_convolution(x), valid)
        x = x + self.share * self.second(before_second(x))
        return after(x)


class AcousticModel(nn.Module):
    """Log-mel features to CTC log-probabilities; a row of a batch equals the row alone."""

    def __init__(self, encoder: Any, decoder: Any):
        """Flatten a NeMo ConformerEncoder and ConvASRDecoder.

        Raises:
            UnsupportedCheckpointError: names the setting that no exporter reproduces.
        """
        super().__init__()
        require_supported(encoder, decoder)
        self.subsampling = Subsampling(encoder.pre_encode)
        self.scale = float(encoder.xscale or 1.0)
        self.positions = RelativePositions(int(encoder.d_model))
        self.layers = nn.ModuleList(Layer(layer) for layer in encoder.layers)
        self.projection = encoder.out_proj or nn.Identity()
        self.output = pointwise(decoder.decoder_layers[0])
        self.temperature = float(decoder.temperature)
        self.mels = int(encoder._feat_in)
        self.classes = int(decoder.num_classes_with_blank)
        local = encoder.self_attention_model == "rel_pos_local_attn"
        self.context = int(encoder.att_context_size[0]) if local else None  # frames on each side

    def forward(self, features: Tensor, features_length: Tensor) -> tuple[Tensor, Tensor]:
        """Compute log-probabilities.

        Args:
            features: (B, M, T) float32; frames from a row's length on are ignored.
            features_length: (B, 1) int64, in frames.

        Returns:
            log_probs (B, T', V) float32, blank last, and log_probs_length (B, 1) int64. Rows after their
            length hold no meaning.
        """
        length = features_length.clamp(min=0).minimum(torch.tensor(features.shape[2]))
        x, length = self.subsampling(features, length)
        frames = torch.arange(x.shape[1])
        valid = frames.unsqueeze(0) < length  # (B, T')
        mask = torch.where(valid, 0.0, MASKED)[:, None, None, :]
        if self.context is not None:
            distance = (frames.unsqueeze(0) - frames.unsqueeze(1)).abs()
            mask = mask + torch.where(distance <= self.context, 0.0, MASKED)
        positions = self.positions(torch.tensor(x.shape[1]))
        x, valid = x * self.scale, valid.unsqueeze(2)
        for layer in self.layers:
            x = layer(x, positions, mask, valid)
        logits = self.output(self.projection(x))
        if self.temperature != 1.0:
            logits = logits / self.temperature
        return logits.log_softmax(dim=2), length


def require_supported(encoder: Any, decoder: Any) -> None:
    """Refuse what the graph does not reproduce.

    Raises:
        UnsupportedCheckpointError: names the setting, its value and what is possible.
    """
    for part, role, expected in (
        (encoder, "encoder", "ConformerEncoder"),
        (decoder, "decoder", "ConvASRDecoder"),
    ):
        if type(part).__name__ not in (expected, f"{expected}Adapter"):
            raise UnsupportedCheckpointError(f"{role}: expected {expected}, got {type(part).__name__}.")
        if hasattr(part, "is_adapter_available") and part.is_adapter_available():
            raise refused_setting(f"{role}.adapters", "none", "some", "merge or remove them")
    if encoder.reduction_position is not None:
        raise refused_setting("encoder.reduction", "none", "one")
    if encoder.att_context_style != "regular":
        streaming = "cache-aware streaming models have no exporter"
        raise refused_setting("encoder.att_context_style", "regular", encoder.att_context_style, streaming)
    attention, context = encoder.self_attention_model, list(encoder.att_context_size)
    if attention == "rel_pos" and context != [-1, -1]:
        raise refused_setting("encoder.att_context_size", "[-1, -1] with rel_pos", context)
    if attention == "rel_pos_local_attn":
        if encoder.global_tokens:
            raise refused_setting("encoder.global_tokens", "0", encoder.global_tokens)
        if context[0] != context[1]:
            raise refused_setting(
                "encoder.att_context_size", "as many frames on the left as on the right", context
            )
    elif attention != "rel_pos":
        raise refused_setting("encoder.self_attention_model", "rel_pos or rel_pos_local_attn", attention)
    for layer in encoder.layers:
        convolution = layer.conv
        if convolution.norm_type != "batch_norm":
            raise refused_setting("encoder.conv_norm_type", "batch_norm", convolution.norm_type)
        depthwise = convolution.depthwise_conv
        if depthwise._left_padding != depthwise._right_padding:
            sides = [depthwise._left_padding, depthwise._right_padding]
            raise refused_setting("encoder.conv_context_size", "as much on the left as on the right", sides)


def pointwise(convolution: nn.Conv1d) -> nn.Linear:
    """A convolution of kernel 1 as a linear layer over channels."""
    linear = nn.Linear(convolution.in_channels, convolution.out_channels)
    linear.weight.data = convolution.weight.data.squeeze(2).clone()
    linear.bias.data = bias_of(convolution)
    return linear


def swish(x: Tensor) -> Tensor:
    """Swish as x * sigmoid(x), operators that every runtime has."""
    return x * x.sigmoid()
