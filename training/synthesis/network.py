"""The demo's Tacotron 2 with the encoder channels that it is trained with, built from NeMo's own modules."""

from __future__ import annotations

from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig
from torch import Tensor, nn

from training.synthesis.batches import Batch
from training.synthesis.listening import Spoken
from training.synthesis.teacher_forcing import decode, encode, refine


class Network(nn.Module):
    """Tacotron 2 whose parameters have the names of NeMo's Tacotron2Model.

    Args:
        model: the configuration of the Tacotron2Model.
        channels: of the encoder, at most NeMo's 512.
        symbols: how many the tokenizer knows.
        encoder_dropout: probability after the encoder's convolutions in training.
    """

    def __init__(self, model: DictConfig, channels: int, symbols: int, encoder_dropout: float) -> None:
        super().__init__()
        self.encoder_dropout = encoder_dropout
        self.text_embedding = nn.Embedding(symbols, channels)
        self.encoder: Any = instantiate(model.encoder, encoder_embedding_dim=channels)
        self.decoder: Any = instantiate(model.decoder, encoder_embedding_dim=channels)
        self.postnet: Any = instantiate(model.postnet)

    @torch.no_grad()
    def start_from(self, mean: Tensor, deviation: Tensor) -> None:
        """Start training at the data's scale, since NeMo's form cannot normalise spectrograms.

        Args:
            mean: (M,) of the frames of all the data.
            deviation: (M,) of the frames.
        """
        repeats = self.decoder.n_frames_per_step
        mean, deviation = mean.repeat(repeats), deviation.repeat(repeats)
        projection = self.decoder.linear_projection.linear_layer
        projection.weight.mul_(deviation[:, None])
        projection.bias.copy_(mean)
        # The prenet has no bias: rows orthogonal to the mean frame see deviations from it.
        first = self.decoder.prenet.layers[0].linear_layer.weight
        first.div_(deviation)
        direction = mean / mean.norm()
        first.sub_((first @ direction)[:, None] * direction)
        self.postnet.convolutions[-1][1].weight.fill_(0.1)

    @torch.no_grad()
    def restore_normalisations(self, batch: Batch) -> None:
        """Give the batch normalisations a batch's statistics, and scales that undo them.

        A checkpoint that `training.synthesis.widening` wrote has its normalisations merged into the
        convolutions. Nothing changes for the averaged network; training normalises again.
        """

        def restore(norm: Any, inputs: tuple[Tensor]) -> None:
            (rows,) = inputs
            norm.running_mean.copy_(rows.mean(0))
            norm.running_var.copy_(rows.var(0))
            norm.weight.copy_((norm.running_var + norm.eps).sqrt())
            norm.bias.copy_(norm.running_mean)

        norms = [module for module in self.modules() if isinstance(module, nn.BatchNorm1d)]
        hooks = [norm.register_forward_pre_hook(restore) for norm in norms]
        training = self.training
        self.eval()(*batch)
        self.train(training)
        for hook in hooks:
            hook.remove()

    def forward(
        self, symbols: Tensor, symbols_length: Tensor, steps: Tensor, steps_length: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Predict every step from the true ones before it.

        Args:
            symbols: (B, S) ids.
            symbols_length: (B,).
            steps: (B, T, R M), R frames each.
            steps_length: (B,).

        Returns:
            mel before and after the postnet (B, T R, M), gate (B, T + 1) logits, alignment (B, T + 1, S).
        """
        memory = encode(self.encoder, self.text_embedding(symbols), symbols_length, self.encoder_dropout)
        predicted, gate, alignment = decode(self.decoder, memory, symbols_length, steps)
        frames = self.decoder.n_frames_per_step
        mel = predicted[:, :-1].reshape(len(symbols), -1, self.decoder.n_mel_channels)
        return mel, refine(self.postnet, mel, steps_length * frames), gate, alignment


@torch.no_grad()
def speak(model: Any, symbols: Tensor) -> Spoken:
    """Speak the (S,) ids of one utterance with NeMo's own decoder.

    Args:
        model: a Network or a Tacotron2Model.
        symbols: the tokenizer's output for the text.
    """
    symbols = symbols.to(model.text_embedding.weight.device)
    length = torch.tensor([len(symbols)], device=symbols.device)
    embedded = model.text_embedding(symbols[None]).transpose(1, 2)
    memory = model.encoder(token_embedding=embedded, token_len=length)
    mel, _, alignment, _ = model.decoder(memory=memory, memory_lengths=length)
    return Spoken(model.postnet(mel_spec=mel)[0].T.cpu().numpy(), alignment[0].cpu().numpy())
