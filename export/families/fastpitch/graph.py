"""FastPitch (Lancucki 2021, NeMo's FastPitchModule) as one graph, independent of padding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from export.convolution import flat
from export.errors import refused_setting
from export.onnx_graph import write_graph

MASKED = -10000.0  # added to scores of keys after a row's end


class Attention(nn.Module):
    """Self-attention over a row's own frames, with the residual and normalisation after it."""

    def __init__(self, module: Any):
        super().__init__()
        self.heads, self.head_width = int(module.n_head), int(module.d_head)
        self.qkv = nn.Linear(module.qkv_net.in_features, module.qkv_net.out_features)
        scale = torch.ones(3, self.heads * self.head_width)
        scale[0] = module.scale  # of the scores: folded into the query
        self.qkv.weight.data = module.qkv_net.weight.data * scale.reshape(-1, 1)
        self.qkv.bias.data = module.qkv_net.bias.data * scale.reshape(-1)
        self.out, self.norm = module.o_net, plain_norm(module.layer_norm)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, T, D) to (B, T, D); `mask` (B, 1, 1, T) is added to the scores."""
        batch = x.shape[0]
        q, k, v = self.qkv(x).reshape(batch, -1, 3, self.heads, self.head_width).permute(2, 0, 3, 1, 4)
        attention = (q @ k.transpose(2, 3) + mask).softmax(dim=3)
        return self.norm(x + self.out((attention @ v).permute(0, 2, 1, 3).flatten(2)))


class FeedForward(nn.Module):
    """Two convolutions with ReLU between them, residual and normalisation.

    NeMo leaves the second convolution's input unmasked: at the end of a row in a batch it sees what the first
    one made of padding. Here it sees zeros, as it does at the end of a row alone.
    """

    def __init__(self, module: Any):
        super().__init__()
        self.first, self.second = flat(module.CoreNet[0]), flat(module.CoreNet[2])
        self.norm = plain_norm(module.layer_norm)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """(B, T, D) to (B, T, D); `valid` (B, T, 1) is 1 inside a row. Rows end in zeros before and after."""
        hidden = self.first(x.transpose(1, 2).unsqueeze(2)).relu() * valid.permute(0, 2, 1).unsqueeze(2)
        return self.norm(x + self.second(hidden).squeeze(2).transpose(1, 2)) * valid


class Transformer(nn.Module):
    """Layers of attention and convolutions (NeMo's FFTransformerDecoder)."""

    def __init__(self, module: Any):
        super().__init__()
        self.register_buffer("frequencies", module.pos_emb.inv_freq.clone(), persistent=False)
        self.attention = nn.ModuleList(Attention(layer.dec_attn) for layer in module.layers)
        self.feed_forward = nn.ModuleList(FeedForward(layer.pos_ff) for layer in module.layers)
        self.condition = Condition(module.cond_input)

    def forward(self, x: Tensor, valid: Tensor, speaker: Tensor | None) -> Tensor:
        """(B, T, D) to (B, T, D), zero where `valid` (B, T, 1) is."""
        angles = torch.arange(x.shape[1]).to(x.dtype).unsqueeze(1) * self.frequencies
        x = self.condition(x + torch.cat([angles.sin(), angles.cos()], dim=1) * valid, speaker)
        mask = (1.0 - valid).permute(0, 2, 1).unsqueeze(1) * MASKED
        for attention, feed_forward in zip(self.attention, self.feed_forward, strict=True):
            x = feed_forward(attention(x, mask) * valid, valid)
        return x


class Predictor(nn.Module):
    """One number per symbol (NeMo's TemporalPredictor), every convolution masked."""

    def __init__(self, module: Any):
        super().__init__()
        self.condition = Condition(module.cond_input)
        self.convolutions = nn.ModuleList(flat(layer.conv) for layer in module.layers)
        self.norms = nn.ModuleList(plain_norm(layer.norm) for layer in module.layers)
        self.out = module.fc

    def forward(self, x: Tensor, valid: Tensor, speaker: Tensor | None) -> Tensor:
        """(B, S, D) to (B, S), zero after a row's end."""
        x = self.condition(x, speaker)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = norm(convolution((x * valid).transpose(1, 2).unsqueeze(2)).relu().squeeze(2).transpose(1, 2))
        return (self.out(x) * valid).squeeze(2)


class Condition(nn.Module):
    """Adds the speaker's embedding, where the checkpoint does (NeMo's ConditionalInput)."""

    def __init__(self, module: Any):
        super().__init__()
        self.adds = "add" in module.condition_types
        self.projection = getattr(module, "add_proj", nn.Identity())

    def forward(self, x: Tensor, speaker: Tensor | None) -> Tensor:
        """`x` (B, T, D) with `speaker` (B, 1, D') added."""
        return x + self.projection(speaker) if self.adds else x


class FastPitch(nn.Module):
    """Symbols to mel spectrograms."""

    def __init__(self, module: Any):
        """Take over a NeMo FastPitchModule.

        Raises:
            UnsupportedCheckpointError: names the setting that no exporter reproduces.
        """
        super().__init__()
        require_supported(module)
        self.embedding = module.encoder.word_emb
        self.encoder, self.decoder = Transformer(module.encoder), Transformer(module.decoder)
        self.duration, self.pitch = Predictor(module.duration_predictor), Predictor(module.pitch_predictor)
        self.pitch_embedding = flat(module.pitch_emb)
        self.out = module.proj
        self.shortest, self.longest = float(module.min_token_duration), float(module.max_token_duration)
        self.mels = int(module.proj.out_features)
        self.vocabulary = int(self.embedding.num_embeddings)
        self.speaker_embedding = module.speaker_emb
        self.speakers = 0 if self.speaker_embedding is None else int(self.speaker_embedding.num_embeddings)

    def forward(
        self,
        symbols: Tensor,
        symbols_length: Tensor,
        pace: Tensor,
        pitch: Tensor,
        speaker: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Compute spectrograms.

        Args:
            symbols: (B, S) int64; anything from a row's length on.
            symbols_length: (B, 1) int64.
            pace: (B, 1) float32, 2 is twice as fast.
            pitch: (B, S) float32, added to the predicted pitch, in standard deviations of the training voice.
            speaker: (B, 1) int64, only for checkpoints of several speakers.

        Returns:
            mel (B, M, T) float32, zero after a row's end; mel_length (B, 1) int64 in frames; durations
            (B, S) int64: frames of each symbol.
        """
        length = symbols_length.clamp(min=0).minimum(torch.tensor(symbols.shape[1]))
        inside = torch.arange(symbols.shape[1]).unsqueeze(0) < length
        valid = inside.unsqueeze(2).to(torch.float32)
        voice = None if speaker is None else self.speaker_embedding(speaker)
        embedded = self.embedding(torch.where(inside, symbols, 0)) * valid
        encoded = self.encoder(embedded, valid, voice)
        log_durations = self.duration(encoded, valid, voice)
        durations = (log_durations.exp() - 1.0).clamp(self.shortest, self.longest)
        # Selected rather than multiplied, so that not even NaN in the padding gets in.
        predicted = self.pitch(encoded, valid, voice) + torch.where(inside, pitch, 0.0)
        encoded = encoded + self.pitch_embedding(predicted[:, None, None, :]).squeeze(2).transpose(1, 2)

        frames = torch.where(inside, (durations / pace + 0.5).floor(), 0.0).to(torch.int64)
        ends = frames.cumsum(dim=1)
        mel_length = ends[:, -1:]
        # One frame at least: a tensor without any is more than some runtimes take.
        times = torch.arange(mel_length.max().clamp(min=1)).unsqueeze(0)
        symbol = (ends.unsqueeze(1) <= times.unsqueeze(2)).sum(dim=2)  # of every frame: (B, T)
        symbol = symbol.minimum(torch.tensor(symbols.shape[1] - 1))
        speaking = (times < mel_length).unsqueeze(2).to(torch.float32)
        regulated = encoded.gather(1, symbol.unsqueeze(2).expand(-1, -1, encoded.shape[2])) * speaking
        mel = self.out(self.decoder(regulated, speaking, voice)) * speaking
        return mel.transpose(1, 2), mel_length, frames


def require_supported(module: Any) -> None:
    """Refuse what the graph does not reproduce.

    Raises:
        UnsupportedCheckpointError: names the setting.
    """
    if module.energy_predictor is not None:
        raise refused_setting("energy_predictor", "none", "one")
    if module.speaker_encoder is not None:
        raise refused_setting("speaker_encoder", "none, speakers by number", "one")
    for name in ("encoder", "decoder", "duration_predictor", "pitch_predictor"):
        part = getattr(module, name)
        if "concat" in part.cond_input.condition_types:
            raise refused_setting(f"{name}.condition_types", "add", "concat")
        for layer in part.layers:
            norm = layer.norm if hasattr(layer, "norm") else layer.dec_attn.layer_norm
            if norm.condition:
                raise refused_setting(f"{name}.condition_types", "add", "layernorm")
            if hasattr(layer, "dec_attn") and layer.dec_attn.pre_lnorm:
                raise refused_setting(f"{name}.pre_lnorm", "false", "true")
            if layer.is_adapter_available():
                raise refused_setting(f"{name}.adapters", "none", "some")


def plain_norm(norm: Any) -> nn.LayerNorm:
    """NeMo's ConditionalLayerNorm without condition as torch's own, which is one operator in the graph."""
    made = nn.LayerNorm(norm.normalized_shape, eps=norm.eps)
    made.weight.data, made.bias.data = norm.weight.data.clone(), norm.bias.data.clone()
    return made


def write_fastpitch(module: FastPitch, path: Path) -> None:
    """Write the network as an ONNX graph."""
    example = [
        torch.ones(2, 8, dtype=torch.int64),
        torch.tensor([[8], [5]]),
        torch.ones(2, 1) * 0.5,
        torch.zeros(2, 8),
    ]
    inputs: dict[str, tuple[str | int, ...]] = {
        "symbols": ("B", "S"),
        "symbols_length": ("B", 1),
        "pace": ("B", 1),
        "pitch": ("B", "S"),
    }
    if module.speakers:
        example.append(torch.tensor([[0], [1]]))
        inputs["speaker"] = ("B", 1)
    write_graph(
        module,
        example,
        path,
        inputs=inputs,
        outputs={"mel": ("B", module.mels, "T"), "mel_length": ("B", 1), "durations": ("B", "S")},
    )
