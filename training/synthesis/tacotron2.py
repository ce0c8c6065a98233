"""Train the demo's Tacotron 2: `python -m training.synthesis.tacotron2 --minutes 68`.

The same command continues a run that was stopped.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
from nemo.collections.tts.models import Tacotron2Model
from omegaconf import DictConfig, OmegaConf, open_dict

from training.run import TrainingRun, command_line
from training.schedule import Budget
from training.synthesis.archive import save_compressed
from training.synthesis.batches import Batch, SpokenBatches
from training.synthesis.listening import GriffinLim, completeness, pace, recogniser, word_errors
from training.synthesis.losses import gate_loss, guided_attention_loss, mel_loss
from training.synthesis.network import Network, speak
from training.synthesis.spectrograms import read_mels
from training.synthesis.widening import narrowed, write_into

VALIDATION_BATCHES = 4
VALIDATION_UTTERANCES = 32  # that are synthesised and recognised
STATISTICS_UTTERANCES = 2000


class SynthesisRun(TrainingRun):
    """Trains a Tacotron2Model on one voice, teacher-forced."""

    log_every_steps = 25

    def __init__(
        self,
        config: DictConfig,
        folder: Path,
        device: str,
        data: Path,
        recogniser_path: Path,
        initial: Path | None,
    ) -> None:
        training = config.training
        torch.manual_seed(training.seed)
        torch.set_num_threads(1)  # the attention's small operations do not benefit from more
        self.nemo = Tacotron2Model(config.model).eval()
        with open_dict(self.nemo.cfg):
            self.nemo.cfg.train_ds = config.train_ds
        preprocessor = self.nemo.audio_to_melspec_precessor
        utterances, mels = read_mels(data, "train", preprocessor, training.dither)
        self.held_out, self.true = read_mels(data, "validation", preprocessor, training.dither)
        some = torch.from_numpy(np.concatenate(mels[:STATISTICS_UTTERANCES]).astype(np.float32))
        self.deviation = some.std(0).to(device)
        model, average = (
            Network(config.model, training.channels, self.nemo.num_tokens, training.encoder_dropout)
            for _ in range(2)
        )
        batches = partial(
            SpokenBatches,
            tokenizer=self.nemo.tokenizer,
            size=training.batch_utterances,
            frames_per_step=config.model.decoder.n_frames_per_step,
        )
        held_out = batches(self.held_out, self.true, phoneme_probability=1.0, seed=0).batches(float("inf"))
        self.validation = [next(held_out) for _ in range(VALIDATION_BATCHES)]
        self.is_adapted = initial is not None
        if initial:
            wide = Tacotron2Model.restore_from(str(initial), map_location="cpu").state_dict()
            model.load_state_dict(narrowed(model, wide))
            model.restore_normalisations(self.validation[0])
        else:
            model.start_from(some.mean(0), some.std(0))
        super().__init__(config, folder, device, model, average)
        heard = batches(
            utterances,
            mels,
            phoneme_probability=training.phoneme_probability,
            seed=training.seed + self.step,  # a continued run has another order
        )
        self.short, self.all = heard.batches(training.short_s), heard.batches(float("inf"))
        self.vocoder = GriffinLim(preprocessor)
        self.transcriber = recogniser(recogniser_path)

    def write_model(self, path: Path) -> None:
        """Write the averaged model in NeMo's own form, compressed."""
        write_into(self.nemo, self.average)
        save_compressed(self.nemo, path)

    def losses(self, model: Network, batch: Batch) -> dict[str, torch.Tensor]:
        """Compute the losses of a batch."""
        training = self.config.training
        symbols, symbols_length, steps, steps_length = (tensor.to(self.device) for tensor in batch)
        mel, refined, gate, alignment = model(symbols, symbols_length, steps, steps_length)
        true, length = steps.view(mel.shape), steps_length * self.config.model.decoder.n_frames_per_step
        return {
            "mel_loss": mel_loss(mel, true, length, self.deviation),
            "refined_loss": mel_loss(refined, true, length, self.deviation),
            "gate_loss": gate_loss(gate, steps_length, training.gate_weight),
            "alignment_loss": guided_attention_loss(
                alignment, symbols_length, steps_length, training.alignment_width
            ),
        }

    def update(self, progress: float) -> dict[str, float]:
        """Take one step."""
        training = self.config.training
        self.model.train()
        is_short = progress < training.short_until and not self.is_adapted
        losses = self.losses(self.model, next(self.short if is_short else self.all))
        fall = min(2 * progress, 1.0) * (training.alignment_weight - training.alignment_final_weight)
        weights = {"alignment_loss": training.alignment_weight - fall}
        self.optimizer.zero_grad(set_to_none=True)
        sum(weights.get(name, 1.0) * loss for name, loss in losses.items()).backward()
        self.apply_gradient()
        return {name: float(loss.detach()) for name, loss in losses.items()}

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Measure the averaged model: its loss, and a recogniser's errors on free-running speech."""
        losses = [self.losses(self.average, batch) for batch in self.validation]
        names = ("refined_loss", "gate_loss")
        means = {f"validation_{n}": float(np.mean([float(row[n]) for row in losses])) for n in names}
        every = slice(None, None, len(self.held_out) // VALIDATION_UTTERANCES)
        utterances, true = self.held_out[every], self.true[every]
        encode = self.nemo.tokenizer.encode
        spoken = [speak(self.average, torch.tensor(encode(utterance.text))) for utterance in utterances]
        clips = [self.vocoder(mel) for mel, _ in spoken]
        return means | {
            "validation_wer": word_errors(self.transcriber, clips, utterances).rate,
            "complete": completeness(spoken),
            "pace": pace(spoken, true),
        }


def main() -> None:
    """Run the command."""
    parser = command_line("Train the demo's Tacotron 2.", "tacotron2_small")
    parser.add_argument(
        "--data", type=Path, default=Path("training/data/voice"), help="output of training.synthesis.prepare"
    )
    parser.add_argument(
        "--recogniser",
        type=Path,
        default=Path("training/checkpoints/quartznet_people_en.nemo"),
        help="EncDecCTCModel that transcribes the held-out texts",
    )
    parser.add_argument(
        "--initial",
        type=Path,
        help="checkpoint of another voice to begin with, of the same sizes and symbols",
    )
    arguments = parser.parse_args()
    run = SynthesisRun(
        OmegaConf.load(arguments.config),
        arguments.run,
        arguments.device,
        arguments.data,
        arguments.recogniser,
        arguments.initial,
    )
    run.train(Budget(arguments.minutes, arguments.steps), arguments.save_every_s)


if __name__ == "__main__":
    main()
